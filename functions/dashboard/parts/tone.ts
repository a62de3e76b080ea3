/** How a state is shown: its word stays, and a colour helps. Pure. */

export type Tone = 'good' | 'bad' | 'wait' | 'plain';

const good = /^(Running|Ready|Active|Bound|Completed?|Succeeded|Available|True|Normal|Healthy|Approved,Issued)$/;
const bad = /(Error|BackOff|Failed|NotReady|Evicted|OOMKilled|Unknown|Invalid|Lost|Warning|Unschedulable|ErrImage)/;
const wait = /(Pending|Creating|Terminating|Init:|PodInitializing|Unbound|Progressing|SchedulingDisabled|Suspended|Released)/;
const stateColumns = /^(Status|Phase|State|Type|Condition|Ready)$/;

export function toneOf(column: string, text: string): Tone {
  if (!stateColumns.test(column)) return 'plain';
  const counts = /^(\d+)\/(\d+)$/.exec(text);
  if (counts !== null) return counts[1] === counts[2] ? 'plain' : 'wait';
  if (bad.test(text)) return 'bad';
  if (wait.test(text)) return 'wait';
  return good.test(text) ? 'good' : 'plain';
}
