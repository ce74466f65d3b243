import { DASHBOARD } from "./dashboard/story.ts";
import { testLife } from "./test_life.ts";

await testLife(DASHBOARD);
