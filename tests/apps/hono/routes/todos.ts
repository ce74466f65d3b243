import { Hono } from "hono";
import { todos } from "../todos.ts";

export const todoRoutes = new Hono()
  .get("/", (c) => c.json(todos.state.list))
  .post("/", async (c) => {
    const { title } = await c.req.json();
    return c.json(await todos.add(String(title)), 201);
  })
  .post("/:id{[0-9]+}/finish", async (c) => {
    const todo = await todos.finish(Number(c.req.param("id")));
    return todo ? c.json(todo) : c.notFound();
  });
