import { createServer } from "node:http";
import { createApp } from "./app.ts";
import { attachChat } from "./chat.ts";

const server = createServer(createApp());
attachChat(server);
server.listen(Number(Deno.env.get("PORT") ?? 8080), "0.0.0.0");
