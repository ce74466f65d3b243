import { createMiddleware } from "hono/factory";

export const servedBy = createMiddleware(async (c, next) => {
  await next();
  c.header("x-served-by", "todos");
});
