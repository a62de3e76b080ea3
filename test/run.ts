/** `npm test`; `--quick` leaves out what needs root, containers or a network. */
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { runStages } from './runner/run-stages.ts';
import { conclude } from './runner/summary.ts';
import { furtherStages, quickStages } from './stages.ts';

/** Programs start faster when what they were compiled to is at hand. */
const variables = { NODE_COMPILE_CACHE: join(import.meta.dirname, '../.cache/compiled') };

const isQuick = process.argv.includes('--quick');
/** A stage more than cores: stages wait for timers and disks, too. `npm test` has time, and leaves its tests more of the machine. */
const quickAtOnce = availableParallelism() + (isQuick ? 1 : 0);

const quick = await runStages(quickStages, { atOnce: quickAtOnce, variables });
const further = isQuick ? [] : await runStages(furtherStages, { atOnce: 1, variables });
process.exitCode = conclude([...quick, ...further]);
