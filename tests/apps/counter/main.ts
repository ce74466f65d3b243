// The boot shell: opens the port and the sockets, and hands everything on to the hot code.
import { live, reapply } from "@flyhot/runtime";

await reapply();
const app = await live(() => import("./app.ts"));

function accept(request: Request): Response {
  const { socket, response } = Deno.upgradeWebSocket(request);
  socket.onopen = () => app.join(socket);
  socket.onmessage = (event) => app.receive(socket, event.data);
  socket.onclose = () => app.leave(socket);
  return response;
}

Deno.serve(
  { port: Number(Deno.env.get("PORT") ?? 8080) },
  (request) =>
    request.headers.get("upgrade") === "websocket"
      ? accept(request)
      : app.handle(request),
);
