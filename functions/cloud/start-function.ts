/** What a root begins with: its settings, the real world and its doorbells. */
import { type SqsDoorbell, createSqsDoorbell } from '../workers/doorbell/sqs-doorbell.ts';
import { environment, realWorld, type LogLevel, type World } from '../world.ts';
import { settingNames, settingsOf, type Settings } from './settings.ts';

export interface Rooted {
  readonly settings: Settings;
  readonly world: World;
  readonly doorbell: SqsDoorbell;
}

export function startFunction(): Rooted {
  const settings = settingsOf(environment);
  const level = environment(settingNames.logLevel) ?? 'info';
  const world = realWorld(isLogLevel(level) ? level : 'info');
  const queues = { groups: settings.queues, deadlines: settings.deadlineQueue };
  return { settings, world, doorbell: createSqsDoorbell({ queues, world }) };
}

const isLogLevel = (text: string): text is LogLevel => ['debug', 'info', 'warn', 'error'].includes(text);
