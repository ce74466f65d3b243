import { hotReloadResponse } from "@flyhot/runtime";
import { Hono } from "hono";
import { servedBy } from "./served_by.ts";
import { pages } from "./routes/pages.ts";
import { todoRoutes } from "./routes/todos.ts";

export const app = new Hono();

app.use(servedBy);
app.get("/_flyhot/events", (c) => hotReloadResponse(c.req.raw)!);
app.route("/", pages);
app.route("/todos", todoRoutes);
