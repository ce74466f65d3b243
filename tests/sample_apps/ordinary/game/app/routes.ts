import { Hono } from "hono";
import type { Lobby } from "./lobby.ts";

/** What is asked and done at /games. */
export function gameRoutes(lobby: Lobby): Hono {
  const routes = new Hono();

  routes.post("/:name", async (c) => {
    const { stones = 10 } = await c.req.json();
    const { name } = lobby.open(c.req.param("name"), stones);
    return c.json({ name }, 201);
  });

  routes.get("/:name", (c) => {
    const game = lobby.find(c.req.param("name"));
    if (!game) return c.text("no such game", 404);
    const { name, stones, players } = game;
    return c.json({
      name,
      stones,
      players: players.map((it) => it.describe()),
    });
  });

  routes.post("/:name/join/:player", (c) => {
    const game = lobby.find(c.req.param("name"));
    if (!game) return c.text("no such game", 404);
    return c.text(game.join(c.req.param("player")).describe());
  });

  routes.post("/:name/take/:player/:count", (c) => {
    const game = lobby.find(c.req.param("name"));
    if (!game) return c.text("no such game", 404);
    return c.text(
      game.take(c.req.param("player"), Number(c.req.param("count"))),
    );
  });

  return routes;
}
