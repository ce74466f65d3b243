import { GAME } from "./game/story.ts";
import { testLife } from "./test_life.ts";

await testLife(GAME);
