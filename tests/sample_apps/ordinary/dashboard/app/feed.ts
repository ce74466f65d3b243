type Stream = ReadableStreamDefaultController<Uint8Array>;

const streams = new Set<Stream>();
const encoder = new TextEncoder();

/** A stream of events that lasts as long as its client wants. */
export function subscribe(): Response {
  let stream: Stream;
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      stream = controller;
      streams.add(stream);
      send(stream, "hello", { sensors: "all" });
    },
    cancel() {
      streams.delete(stream);
    },
  });
  return new Response(body, {
    headers: { "content-type": "text/event-stream" },
  });
}

/** Tells all who listen. */
export function publish(event: string, data: unknown): void {
  for (const stream of streams) send(stream, event, data);
}

function send(stream: Stream, event: string, data: unknown): void {
  const text = `event: ${event}\ndata: ${JSON.stringify(data)}\n\n`;
  stream.enqueue(encoder.encode(text));
}
