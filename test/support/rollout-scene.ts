import { runCli, type CliResult } from './cli.ts';
import { makeFleetFolder, type FleetFolder } from './fleet-folder.ts';
import { startRedis, type TestRedis } from './redis.ts';
import { ScriptedHosts } from './scripted-hosts.ts';

/** A Redis, a fleet of hosts of role `web`, and those hosts, which do as they are told by the test. */
export type RolloutScene = AsyncDisposable & {
  readonly redis: TestRedis;
  readonly folder: FleetFolder;
  readonly hosts: ScriptedHosts;
  readonly names: readonly string[];
  readonly run: (...args: readonly string[]) => Promise<CliResult>;
};

export async function setRolloutScene(count: number, role = '{}', more = ''): Promise<RolloutScene> {
  await using setting = new AsyncDisposableStack();
  const names = Array.from({ length: count }, (_, index) => `web${index + 1}`);
  const redis = setting.use(await startRedis());
  const folder = setting.use(
    await makeFleetFolder({
      broker: `{ url: "redis://127.0.0.1:${redis.port}" }`,
      roles: `  web: ${role}\n`,
      hosts: names.map((name) => `  ${name}: { roles: [web] }\n`).join(''),
      more,
    }),
  );
  const settings = { ...redis.settings, environment: null };
  const hosts = setting.use(await ScriptedHosts.start(settings, folder.path, names));
  const set = setting.move();
  return {
    redis,
    folder,
    hosts,
    names,
    run: async (...args) => await runCli(args, { cwd: folder.path }),
    [Symbol.asyncDispose]: async () => await set.disposeAsync(),
  };
}
