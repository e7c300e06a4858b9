import { loadWorker } from '../../src/config/load.ts';
import { runWorker } from '../../src/worker/run-worker.ts';
import { createStop } from '../../src/worker/shutdown.ts';
import { argvSchema } from './spawn-worker.ts';

/** The program of `spawnWorker`: a worker whose executors are started as the test says. */
const [file = '', stateDir = '', self = ''] = process.argv.slice(2);
const stop = createStop();
process.on('SIGTERM', stop.request);
await runWorker(
  {
    config: loadWorker(file, null, {}),
    stateDir,
    self: argvSchema.parse(JSON.parse(self)),
    clock: Date,
    log: (line) => void process.stdout.write(`${line}\n`),
  },
  stop.signals,
);
