import { assertEquals } from "@std/assert";
import { appEnvironment } from "./app_environment.ts";

Deno.test("appEnvironment() makes a machine of the app, keeps real buckets away, and lets the test decide", () => {
  const environment = appEnvironment({
    inherited: {
      PATH: "/usr/bin",
      HOME: "/home/me",
      FLY_PROCESS_GROUP: "fly_app_console",
      FLYHOT_ROLE: "orchestrator",
      FLY_API_TOKEN: "s3cret",
      AWS_SECRET_ACCESS_KEY: "s3cret",
      AWS_SESSION_TOKEN: "s3cret",
      AWS_BUCKET: "production",
      BUCKET_NAME: "production",
      RELEASE_COMMAND: "1",
      PORT: "80",
      PORTAL: "mine",
    },
    deno: "/opt/deno/deno",
    own: { MOOD: "glad", FLY_REGION: "fra" },
    server: { endpoint: "http://127.0.0.1:9", bucketName: "releases" },
    app: "shop",
    imageRef: "registry.fly.io/shop:1",
    machineId: "m",
    socketPath: "/tmp/x/socket",
    port: 4321,
  });
  assertEquals(environment, {
    PATH: "/opt/deno:/usr/bin",
    HOME: "/home/me",
    PORTAL: "mine",
    NO_COLOR: "1",
    FLY_APP_NAME: "shop",
    FLY_IMAGE_REF: "registry.fly.io/shop:1",
    FLY_MACHINE_ID: "m",
    FLY_REGION: "fra",
    FLYHOT_SOCKET: "/tmp/x/socket",
    FLYHOT_POLL_MS: "3600000",
    FLYHOT_PROBATION_MS: "200",
    AWS_ENDPOINT_URL_S3: "http://127.0.0.1:9",
    AWS_REGION: "auto",
    AWS_ACCESS_KEY_ID: "test",
    AWS_SECRET_ACCESS_KEY: "test",
    BUCKET_NAME: "releases",
    PORT: "4321",
    MOOD: "glad",
  });
});
