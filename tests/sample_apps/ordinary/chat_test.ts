import { CHAT } from "./chat/story.ts";
import { testLife } from "./test_life.ts";

await testLife(CHAT);
