import * as z from 'zod';
import { assessHealth } from '../apt/health.ts';
import { takeSnapshot } from '../apt/take-snapshot.ts';
import { freePercent, hostCheckSchema, loadPerCore, type HostCheck, type Probe } from '../core/host-check.ts';
import type { Failure } from '../core/outcome.ts';
import { reach, type ReachAnswer, type ReachTarget, type Work } from '../core/step.ts';
import { runDeclaredChecks } from '../system/declared-checks.ts';
import { programNameSchema } from '../system/declared-programs.ts';
import { currentLoad, failedUnits, localDisks } from '../system/look-around.ts';
import { defineTask, type Task } from './task.ts';

const urlSchema = z
  .string()
  .max(500)
  .refine((text) => parseUrl(text) !== null, {
    error: 'expected http://…, https://… or /path, with STATUS= before it if need be',
  });

const argsSchema = z.strictObject({
  ports: z
    .array(z.int().min(1).max(65_535))
    .max(50)
    .default([])
    .describe('TCP ports that must accept on one of the host’s own addresses.'),
  urls: z
    .array(urlSchema)
    .max(50)
    .default([])
    .describe(
      'URLs that the host itself must answer with a status below 400, or with the one before it: `204=/health`. A path alone is asked of `http://localhost`.',
    ),
  checks: z
    .array(programNameSchema)
    .max(20)
    .default([])
    .describe(
      'Names of programs in `/etc/celeroot/checks.d` of the host that must end with 0; see [checks](checks.md).',
    ),
});

/** How long a port or a URL may take. */
const ANSWER_MS = 5000;

/** The health of a host, and whether what is asked about answers. Roll-outs compare two of them (core/compare-checks.ts). */
export const systemCheck: Task = defineTask({
  name: 'system.check',
  summary: 'Look at units, packages, load, disks, ports, URLs and the host’s own checks',
  args: argsSchema,
  result: hostCheckSchema,
  changesHost: false,
  commandLine: {
    options: [
      { key: 'ports', flag: 'port', description: 'TCP port that must accept', type: 'numbers', placeholder: 'PORT' },
      {
        key: 'urls',
        flag: 'url',
        description: 'URL or path that must answer',
        type: 'list',
        placeholder: '[STATUS=]URL',
      },
      { key: 'checks', flag: 'check', description: 'check of the host’s own', type: 'list', placeholder: 'NAME' },
    ],
  },
  table: {
    head: ['LOOKED AT', 'FOUND', 'WHICH'],
    rows: (data) => {
      const check = hostCheckSchema.safeParse(data).data;
      return check === undefined ? [] : describeCheck(check);
    },
  },
  example: 'celeroot system check --host web1 --port 80 --url /health --check replication',
  *perform({ ports, urls, checks }) {
    const snapshot = yield* takeSnapshot();
    const health = yield* assessHealth(snapshot);
    const units = yield* failedUnits();
    const load = yield* currentLoad();
    const disks = yield* localDisks();
    const data = {
      failedUnits: units === null ? null : units.slice(0, 1000),
      broken: health.broken,
      load,
      disks: disks.slice(0, 200),
      probes: [...(yield* reachOut(ports, urls)), ...(yield* runDeclaredChecks(checks))],
    } satisfies HostCheck;
    const failure = judge(data.probes);
    return {
      status: failure === null ? 'unchanged' : 'failed',
      summary: summarize(data).slice(0, 2000),
      transaction: null,
      data,
      health,
      failure,
    };
  },
});

/** What was asked about must answer; the rest is for whoever reads it to judge. */
function judge(probes: readonly Probe[]): Failure | null {
  const bad = probes.filter((probe) => !probe.ok);
  if (bad.length === 0) return null;
  const message = bad.map(({ kind, name, detail }) => `${kind} ${name}: ${detail}`).join('; ');
  return { kind: 'check_failed', message: message.slice(0, 4000), hint: null };
}

function summarize({ failedUnits: failed, broken, load }: HostCheck): string {
  const parts = [
    failed === null ? 'no systemd to ask' : `${failed.length === 0 ? 'no' : failed.length} failed units`,
    ...(broken.length === 0 ? [] : [`${broken.length} packages not fully installed`]),
    ...(load === null ? [] : [`load ${loadPerCore(load).toFixed(2)} per processor`]),
  ];
  return parts.join(', ');
}

function* reachOut(ports: readonly number[], urls: readonly string[]): Work<readonly Probe[]> {
  const asked: readonly Asked[] = [
    ...ports.map((port) => ({ kind: 'port', name: `${port}`, target: { kind: 'port', port }, status: null }) as const),
    ...urls.flatMap((name) => {
      const parsed = parseUrl(name);
      return parsed === null ? [] : [{ kind: 'url', name, ...parsed } as const];
    }),
  ];
  const answers = yield* reach(
    asked.map(({ target }) => target),
    ANSWER_MS,
  );
  return asked.flatMap((one, at) => {
    const answer = answers[at];
    return answer === undefined ? [] : [probeOf(one, answer)];
  });
}

type Asked = {
  readonly kind: 'port' | 'url';
  readonly name: string;
  readonly target: ReachTarget;
  /** The one that is expected; null for any below 400. */
  readonly status: number | null;
};

function probeOf({ kind, name, status: expected }: Asked, answer: ReachAnswer): Probe {
  if (!answer.ok) return { kind, name, ok: false, detail: answer.why.slice(0, 500) };
  const { status } = answer;
  if (status === null) return { kind, name, ok: true, detail: 'accepts' };
  const ok = expected === null ? status < 400 : status === expected;
  return { kind, name, ok, detail: `answers with ${status}` };
}

/** `[STATUS=]URL`, or null for what is none. */
function parseUrl(text: string): { readonly target: ReachTarget; readonly status: number | null } | null {
  const [, status, rest = ''] = /^(?:([1-5]\d\d)=)?(https?:\/\/[\x21-\x7e]+|\/[\x21-\x7e]*)$/.exec(text) ?? [];
  const url = URL.parse(rest.startsWith('/') ? `http://localhost${rest}` : rest);
  if (url === null || url.username !== '' || url.password !== '') return null;
  return { target: { kind: 'url', url: url.href }, status: status === undefined ? null : Number(status) };
}

function describeCheck({
  failedUnits: failed,
  broken,
  load,
  disks,
  probes,
}: HostCheck): readonly (readonly string[])[] {
  return [
    ['failed units', failed === null ? 'unknown' : countOf(failed), (failed ?? []).join(', ')],
    ['broken packages', countOf(broken), broken.map((entry) => `${entry.package} (${entry.state})`).join(', ')],
    load === null
      ? ['load', 'unknown', '']
      : ['load', `${loadPerCore(load).toFixed(2)} per processor`, `${load.average} on ${load.cores}`],
    ...disks.map((disk) => [
      `disk ${disk.mount}`,
      `${Math.floor(freePercent(disk))} % free`,
      `${gigabytes(disk.freeBytes)} of ${gigabytes(disk.bytes)}`,
    ]),
    ...probes.map(({ kind, name, ok, detail }) => [`${kind} ${name}`, ok ? 'ok' : 'FAILS', detail]),
  ];
}

function countOf(list: readonly unknown[]): string {
  return list.length === 0 ? 'none' : `${list.length}`;
}

function gigabytes(bytes: number): string {
  return `${(bytes / 1e9).toFixed(1)} GB`;
}
