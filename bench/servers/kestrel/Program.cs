using System.Collections.Concurrent;
using System.Net;
using System.Net.WebSockets;
using System.Threading.Channels;

// ASP.NET Core's WebSockets on Kestrel, with the echo loop of its documentation.
var builder = WebApplication.CreateSlimBuilder(args);
builder.Logging.ClearProviders();
builder.WebHost.ConfigureKestrel(options => options.Listen(IPAddress.Loopback, 0));
var app = builder.Build();
app.UseWebSockets();

for (var index = 0; index < 5; index++)
{
    var name = $"middleware-{index}";
    app.Use((context, next) =>
    {
        context.Items[name] = context.Request.Headers.Cookie;
        return next(context);
    });
}

app.Map("/echo", (HttpContext context) => Echo(context, 64 * 1024));

app.Map("/echo-deflate", (HttpContext context) => Echo(context, 64 * 1024, true));

// For idle connections: the buffer belongs to the application, not to the server, and this is its size in the documentation.
app.Map("/idle", (HttpContext context) => Echo(context, 4 * 1024));

static async Task Echo(HttpContext context, int bufferSize, bool isCompressed = false)
{
    using var webSocket = await context.WebSockets.AcceptWebSocketAsync(new WebSocketAcceptContext { DangerousEnableCompression = isCompressed });
    var buffer = new byte[bufferSize];
    try
    {
        while (true)
        {
            var received = await webSocket.ReceiveAsync(buffer.AsMemory(), CancellationToken.None);
            if (received.MessageType == WebSocketMessageType.Close) break;
            await webSocket.SendAsync(buffer.AsMemory(0, received.Count), received.MessageType, received.EndOfMessage, CancellationToken.None);
        }
        await webSocket.CloseAsync(webSocket.CloseStatus!.Value, webSocket.CloseStatusDescription, CancellationToken.None);
    }
    catch (WebSocketException)
    {
        // The client has disconnected.
    }
}

// One writer for each socket, because SendAsync must not be called concurrently.
var outboxes = new ConcurrentDictionary<WebSocket, Channel<byte[]>>();
app.Map("/broadcast", (HttpContext context) => Broadcast(context, false));
app.Map("/broadcast-deflate", (HttpContext context) => Broadcast(context, true));

async Task Broadcast(HttpContext context, bool isCompressed)
{
    using var webSocket = await context.WebSockets.AcceptWebSocketAsync(new WebSocketAcceptContext { DangerousEnableCompression = isCompressed });
    var outbox = Channel.CreateUnbounded<byte[]>();
    outboxes[webSocket] = outbox;
    var sending = Task.Run(async () =>
    {
        await foreach (var message in outbox.Reader.ReadAllAsync())
            await webSocket.SendAsync(message, WebSocketMessageType.Text, true, CancellationToken.None);
    });
    var buffer = new byte[4096];
    try
    {
        while (true)
        {
            var received = await webSocket.ReceiveAsync(buffer.AsMemory(), CancellationToken.None);
            if (received.MessageType == WebSocketMessageType.Close) break;
            var message = buffer[..received.Count];
            foreach (var other in outboxes.Values) other.Writer.TryWrite(message);
        }
    }
    catch (WebSocketException)
    {
        // The client has disconnected.
    }
    finally
    {
        outboxes.TryRemove(webSocket, out _);
        outbox.Writer.Complete();
        await sending.ContinueWith(_ => { });
    }
}

await app.StartAsync();
var url = app.Urls.First();
Console.WriteLine($"{{\"port\":{new Uri(url).Port}}}");
await app.WaitForShutdownAsync();
