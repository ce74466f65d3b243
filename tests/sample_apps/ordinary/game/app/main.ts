import { Hono } from "hono";
import { Lobby } from "./lobby.ts";
import { playSocket } from "./play_socket.ts";
import { gameRoutes } from "./routes.ts";

function main() {
  const lobby = new Lobby();
  const app = new Hono();
  app.get("/", (c) => c.text(`Nim: ${lobby.games.size} games`));
  app.route("/games", gameRoutes(lobby));
  app.get("/play", playSocket(lobby));
  Deno.serve({
    port: Number(Deno.env.get("PORT") ?? 8080),
    onListen() {},
  }, app.fetch);
}

main();
