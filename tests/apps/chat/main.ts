// The boot shell: owns the port and the open sockets, and leaves the rest to the hot code.
import { live, reapply } from "@flyhot/runtime";

await reapply();
const app = await live(() => import("./app.ts"));

function join(request: Request): Response {
  const visitor = app.visitorOf(request);
  const { socket, response } = Deno.upgradeWebSocket(request);
  const send = (value: unknown) => socket.send(JSON.stringify(value));
  let seen = 0;
  let leave = () => {};
  // The room calls it after every change, whichever version made it: each message goes out once, and in order.
  const deliver = () => {
    for (const message of app.messagesAfter(visitor, seen)) {
      seen = message.id;
      send(message);
    }
  };
  socket.onopen = () => {
    leave = app.follow(visitor, deliver);
    deliver();
  };
  socket.onmessage = async ({ data }) => {
    try {
      const notice = await app.receive(visitor, data);
      if (notice !== null) send({ notice });
    } catch (error) {
      send({ notice: String(error) });
    }
  };
  socket.onclose = () => leave();
  return response;
}

Deno.serve(
  { port: Number(Deno.env.get("PORT") ?? 8080) },
  (request) =>
    request.headers.get("upgrade") === "websocket"
      ? join(request)
      : app.handle(request),
);
