/** What an archive holds: changes of objects, in the steps in which the past can be seen. */
import type { Key } from '../kube/view.ts';

/** A position in the log: the end of a log entry. */
export interface LogPosition {
  readonly logIndex: number;
  /** The last one of the log entry. */
  readonly revision: number;
  /** When the log entry was written; never earlier than that of a position before it. */
  readonly timeMs: number;
}

/** The position before the first log entry. */
export const beginning: LogPosition = { logIndex: 0, revision: 0, timeMs: 0 };

/** What a reader asks for: the state at a time, or after a revision. */
export type Moment = { readonly timeMs: number } | { readonly revision: number };

export const isAfter = ({ timeMs, revision }: LogPosition, moment: Moment): boolean =>
  'timeMs' in moment ? timeMs > moment.timeMs : revision > moment.revision;

/** The object's JSON in UTF-8, in the newest format of the version that archived it. */
export interface JsonBody {
  readonly kind: 'json';
  readonly bytes: Uint8Array;
}

/**
 * A body as the table had it sealed, but without its envelope: that lies in a file of its own. Once that file is removed,
 * the body cannot be opened.
 */
export interface SealedBody {
  readonly kind: 'sealed';
  readonly bytes: Uint8Array;
  readonly keyFile: string;
  /** Where it has just been read from the table. */
  readonly envelope?: Uint8Array;
}

export type ArchivedBody = JsonBody | SealedBody;

export interface ArchivedChange {
  readonly type: 'added' | 'modified' | 'deleted';
  readonly key: Key;
  readonly uid: string;
  readonly revision: number;
  /** The object; for a deletion its last state. */
  readonly body: ArchivedBody;
}

/** What came between the step before and this place: of a log entry every change, of a longer time the last one of each object. */
export interface Step {
  readonly place: LogPosition;
  readonly changes: readonly ArchivedChange[];
}
