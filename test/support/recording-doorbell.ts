/** A doorbell that wakes no worker: it remembers what was rung. */
import type { SqsDoorbell } from '../../functions/workers/doorbell/sqs-doorbell.ts';

export interface RecordingDoorbell extends SqsDoorbell {
  /** `ring controllers 17`, `rescue …`, `after controllers 5000`. */
  readonly rings: string[];
}

export function recordingDoorbell(): RecordingDoorbell {
  const rings: string[] = [];
  return {
    rings,
    ring: (group, mark = 'again') => void rings.push(`ring ${group} ${mark}`),
    rescue: (group) => void rings.push(`rescue ${group}`),
    ringAfter: (group, delayMs) => void rings.push(`after ${group} ${delayMs}`),
    flush: async () => undefined,
  };
}
