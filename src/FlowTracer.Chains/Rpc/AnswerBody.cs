using System.Net.Sockets;
using System.Text;

namespace FlowTracer.Chains.Rpc;

/// <summary>Reads answers' bodies, and says what is wrong with those that are none.</summary>
internal static class AnswerBody
{
    private const int FirstBuffer = 16 * 1024;
    private const int LongestShown = 60;

    /// <summary>The whole body, decompressed.</summary>
    /// <exception cref="HttpFault">It is longer than allowed.</exception>
    /// <exception cref="IOException">It breaks off.</exception>
    public static async Task<ReadOnlyMemory<byte>> ReadAsync(
        HttpResponseMessage response, int longestBytes, CancellationToken cancellationToken)
    {
        // A length is only announced: what is set aside for it beforehand is bounded.
        long announced = Math.Min(response.Content.Headers.ContentLength ?? 0, 16L * 1024 * 1024);
        byte[] buffer = new byte[Math.Max(FirstBuffer, announced + 1)];
        int length = 0;
        Stream stream = await response.Content.ReadAsStreamAsync(cancellationToken).ConfigureAwait(false);
        await using (stream.ConfigureAwait(false))
        {
            while (true)
            {
                int read = await stream.ReadAsync(buffer.AsMemory(length), cancellationToken).ConfigureAwait(false);
                if (read == 0)
                {
                    return buffer.AsMemory(0, length);
                }

                length += read;
                if (length > longestBytes)
                {
                    throw new HttpFault(
                        FaultKind.TooLong,
                        $"its answer is longer than LongestAnswerBytes ({Numbers.Text(longestBytes)})");
                }

                if (length == buffer.Length)
                {
                    Array.Resize(ref buffer, (int)Math.Min(Array.MaxLength, buffer.Length * 2L));
                }
            }
        }
    }

    /// <summary>Why a connection brought no whole answer, without addresses.</summary>
    public static string WhyBroken(Exception fault)
    {
        for (Exception? inner = fault; inner is not null; inner = inner.InnerException)
        {
            if (inner is SocketException socket)
            {
                return socket.SocketErrorCode switch
                {
                    SocketError.ConnectionRefused => "refused the connection",
                    SocketError.HostNotFound or SocketError.NoData or SocketError.TryAgain => "has no known address",
                    SocketError.ConnectionReset => "broke the connection off",
                    _ => $"cannot be reached ({socket.SocketErrorCode})",
                };
            }
        }

        return fault switch
        {
            HttpRequestException { HttpRequestError: HttpRequestError.SecureConnectionError } =>
                "offers no secure connection this machine trusts",
            HttpRequestException { HttpRequestError: HttpRequestError.NameResolutionError } => "has no known address",
            HttpIOException or HttpRequestException { HttpRequestError: HttpRequestError.ResponseEnded } =>
                "broke its answer off",
            HttpRequestException { HttpRequestError: HttpRequestError.InvalidResponse } => "does not speak HTTP",
            InvalidDataException => "sent an answer that cannot be decompressed",
            _ => "broke the connection off",
        };
    }

    /// <summary>What a body that is not JSON looks like.</summary>
    public static string WhyNotJson(ReadOnlySpan<byte> body)
    {
        string start = Encoding.UTF8.GetString(body[..Math.Min(body.Length, 4 * LongestShown)]).Trim();
        if (start.Length == 0)
        {
            return "the answer is empty";
        }

        return start.StartsWith('<')
            ? "the answer is a web page, not JSON"
            : "the answer is not valid JSON: it is cut short or damaged";
    }
}
