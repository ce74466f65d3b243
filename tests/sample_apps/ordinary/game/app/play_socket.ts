import type { MiddlewareHandler } from "hono";
import { upgradeWebSocket } from "hono/deno";
import type { Lobby } from "./lobby.ts";

/** A socket by which somebody plays. */
export function playSocket(lobby: Lobby): MiddlewareHandler {
  return upgradeWebSocket((c) => {
    const name = c.req.query("game") ?? "";
    const player = c.req.query("player") ?? "";
    return {
      onOpen(_event, socket) {
        socket.send(`hello ${player}`);
      },
      onMessage({ data }, socket) {
        const game = lobby.find(name);
        const text = String(data);
        if (text.startsWith("echo ")) socket.send(text);
        else if (!game) socket.send(`no game ${name}`);
        else if (text === "look") socket.send(`${game.stones} stones`);
        else socket.send(game.take(player, Number(text)));
      },
    };
  });
}
