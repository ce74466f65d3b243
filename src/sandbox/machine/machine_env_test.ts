import { assertEquals } from "@std/assert";
import { inheritedEnvironment, machineEnvironment } from "./machine_env.ts";

const PLACE = {
  app: "my-app",
  id: "6e82954f711e87",
  region: "fra",
  privateIp: "fdaa::2",
  port: 15001,
  socket: "/s/1",
  tmp: "/m/tmp",
  home: "/m/home",
};

Deno.test("machineEnvironment() lets the platform win over secrets, config, computer and image", () => {
  const env = machineEnvironment(PLACE, "01K93Q", {
    image: { PATH: "/container", A: "image", B: "image", HOME: "/root" },
    inherited: {
      PATH: "/bin",
      DENO_DIR: "/cache",
      B: "computer",
      C: "computer",
    },
    config: {
      image: "registry.fly.io/my-app:x",
      env: { DENO_DIR: "/deno-dir", C: "config", D: "config", PORT: "8080" },
      guest: { memory_mb: 1024 },
    },
    secrets: { D: "secret", E: "secret" },
    sandbox: { E: "sandbox" },
  });
  assertEquals(env, {
    PATH: "/bin",
    DENO_DIR: "/cache",
    A: "image",
    B: "computer",
    C: "config",
    D: "secret",
    E: "sandbox",
    FLY_APP_NAME: "my-app",
    FLY_MACHINE_ID: "6e82954f711e87",
    FLY_ALLOC_ID: "6e82954f711e87",
    FLY_REGION: "fra",
    FLY_IMAGE_REF: "registry.fly.io/my-app:x",
    FLY_MACHINE_VERSION: "01K93Q",
    FLY_PRIVATE_IP: "fdaa::2",
    FLY_VM_MEMORY_MB: "1024",
    FLYHOT_SOCKET: "/s/1",
    PORT: "15001",
    TMPDIR: "/m/tmp",
    HOME: "/m/home",
  });
});

Deno.test("inheritedEnvironment() lets through where programs and packages are, and nothing else", () => {
  const env = inheritedEnvironment({
    PATH: "/usr/bin",
    HOME: "/home/me",
    XDG_CACHE_HOME: "/cache",
    JSR_URL: "http://localhost/",
    NPM_CONFIG_REGISTRY: "http://localhost/",
    npm_config_cache: "/npm",
    NO_COLOR: "1",
    AWS_SECRET_ACCESS_KEY: "mine",
    FLY_API_TOKEN: "mine",
  }, "/opt/deno/deno");
  const { DENO_DIR: dir, ...rest } = env;
  assertEquals(rest, {
    PATH: "/opt/deno:/usr/bin",
    JSR_URL: "http://localhost/",
    NPM_CONFIG_REGISTRY: "http://localhost/",
    npm_config_cache: "/npm",
    NO_COLOR: "1",
  });
  assertEquals(
    dir,
    Deno.build.os === "darwin" ? "/home/me/Library/Caches/deno" : "/cache/deno",
  );
  assertEquals(
    inheritedEnvironment({ DENO_DIR: "/d", HOME: "/h" }, "/x/deno"),
    { PATH: "/x", DENO_DIR: "/d" },
  );
});
