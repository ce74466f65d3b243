import { counter } from "./counter.ts";
import { greeting } from "./text.ts";
import { page } from "./page.ts";
import { broadcast, sockets } from "./sockets.ts";

export async function handle(request: Request): Promise<Response> {
  const { pathname } = new URL(request.url);
  switch (pathname) {
    case "/":
      return page();
    case "/hello":
      return new Response(greeting("world"));
    case "/count":
      return Response.json(counter.state);
    case "/increment": {
      const count = await counter.increment();
      broadcast({ count });
      return Response.json({ count });
    }
    case "/pid":
      return Response.json({ pid: Deno.pid });
    default:
      return new Response("not found\n", { status: 404 });
  }
}

export function join(socket: WebSocket): void {
  sockets.add(socket);
  socket.send(JSON.stringify({ count: counter.state.count }));
}

export async function receive(socket: WebSocket, text: string): Promise<void> {
  if (text === "increment") {
    broadcast({ count: await counter.increment() });
  } else {
    socket.send(JSON.stringify({ echo: text, said: greeting("socket") }));
  }
}

export function leave(socket: WebSocket): void {
  sockets.delete(socket);
}
