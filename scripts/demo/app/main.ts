// An ordinary program: nothing here knows that it is upgraded while it runs.
import { counter } from "./counter.ts";
import { greeting } from "./words.ts";

Deno.serve({ port: Number(Deno.env.get("PORT") ?? 8080) }, (request) => {
  if (request.headers.get("upgrade") === "websocket") {
    const { socket, response } = Deno.upgradeWebSocket(request);
    socket.onmessage = (event) => socket.send(greeting(String(event.data)));
    return response;
  }
  switch (new URL(request.url).pathname) {
    case "/increment":
      return Response.json(counter.increment());
    case "/count":
      return Response.json(counter.told());
    case "/pid":
      return Response.json(Deno.pid);
    default:
      return new Response(greeting("world"));
  }
});
