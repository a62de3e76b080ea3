import type { Checkpoint, Replica } from './replica.ts';

/** The replica's state, with which another replica can begin. Needed only where a log entry is damaged. */
export function stateOf(replica: Replica): Checkpoint {
  const { logIndex, revision, format } = replica;
  const objects = replica.resources().flatMap((resource) => [...replica.objects(resource).values()]);
  return { logIndex, revision, format, objects };
}
