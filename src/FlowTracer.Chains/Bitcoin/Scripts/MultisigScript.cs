namespace FlowTracer.Chains.Bitcoin.Scripts;

/// <summary>
/// A bare multisig script: how many signatures it wants, n public keys, n and CHECKMULTISIG. To be walked with
/// <c>foreach</c>, key by key. Numbers are the operations for 1 to 16, so n is at most 16.
/// </summary>
public ref struct MultisigScript
{
    private ReadOnlySpan<byte> _rest;

    private MultisigScript(int required, int keyCount, ReadOnlySpan<byte> keys)
    {
        (Required, KeyCount) = (required, keyCount);
        _rest = keys;
    }

    /// <summary>How many signatures it wants, at least 1 and at most <see cref="KeyCount"/>.</summary>
    public int Required { get; }

    /// <summary>How many public keys it names.</summary>
    public int KeyCount { get; }

    /// <summary>The key the enumeration is at, 33 or 65 bytes. Its form is right; that it is a point is not
    /// checked.</summary>
    public ReadOnlySpan<byte> Current { readonly get; private set; }

    /// <summary>Reads a script; false when it is no bare multisig.</summary>
    public static bool TryRead(ReadOnlySpan<byte> script, out MultisigScript multisig)
    {
        const int minLength = 3;
        multisig = default;
        if (script.Length < minLength
            || script[^1] != Opcode.CheckMultisig
            || !TryGetNumber(script[0], out int required)
            || !TryGetNumber(script[^2], out int keyCount)
            || required > keyCount)
        {
            return false;
        }

        MultisigScript candidate = new(required, keyCount, script[1..^2]);
        MultisigScript walk = candidate;
        int keys = 0;
        while (walk.MoveNext())
        {
            if (!ScriptClassifier.IsPubKey(walk.Current))
            {
                return false;
            }

            keys++;
        }

        if (keys != keyCount || !walk._rest.IsEmpty)
        {
            return false;
        }

        multisig = candidate;
        return true;
    }

    /// <summary>Itself, at the beginning if it has not been walked.</summary>
    public readonly MultisigScript GetEnumerator() => this;

    /// <summary>Goes to the next key; false behind the last.</summary>
    public bool MoveNext()
    {
        if (_rest.IsEmpty || _rest[0] >= _rest.Length)
        {
            return false;
        }

        int length = _rest[0];
        Current = _rest.Slice(1, length);
        _rest = _rest[(length + 1)..];
        return true;
    }

    private static bool TryGetNumber(byte operation, out int number)
    {
        number = operation - Opcode.One + 1;
        return operation is >= Opcode.One and <= Opcode.Sixteen;
    }
}
