/** Answers of a webhook that are kept for a while, a limited number of them: the one that was not used for longest goes first. */
import type { Clock } from '../../../world.ts';

export interface KeptAnswers<T> {
  /** Undefined: none is kept for the question. */
  get(question: string): T | undefined;
  /** For 0 ms it is not kept. */
  keep(question: string, answer: T, forMs: number): void;
}

export function keptAnswers<T>(answersMax: number, clock: Pick<Clock, 'monotonicMs'>): KeptAnswers<T> {
  const kept = new Map<string, { readonly answer: T; readonly untilMs: number }>();
  return {
    get(question) {
      const found = kept.get(question);
      if (found === undefined) return undefined;
      kept.delete(question);
      if (found.untilMs <= clock.monotonicMs()) return undefined;
      // The one that was used last goes last.
      kept.set(question, found);
      return found.answer;
    },
    keep(question, answer, forMs) {
      if (forMs === 0) return;
      const [oldest] = kept.keys();
      if (kept.size >= answersMax && oldest !== undefined) kept.delete(oldest);
      kept.set(question, { answer, untilMs: clock.monotonicMs() + forMs });
    },
  };
}
