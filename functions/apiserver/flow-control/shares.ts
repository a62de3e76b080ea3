/**
 * How many requests of each level may run at once, of all that the process runs.
 * Source: apiserver, pkg/util/flowcontrol/apf_controller.go, finishQueueSetReconfigsLocked and computePriorityLevelConcurrencyLimits.
 */
import type { PriorityLevelConfiguration } from '../../kube/generated/types.ts';
import { nameOf } from '../../kube/object.ts';

export interface LevelLimits {
  /** What the level may run whatever others do, but for what it lends. */
  readonly nominal: number;
  /** What is left to it while it lends as much as it can. */
  readonly least: number;
  /** The level's seats with all that it may borrow. */
  readonly most: number;
}

const defaultShares = 30;

const sharesOf = ({ spec }: PriorityLevelConfiguration): number =>
  spec?.type === 'Exempt' ? (spec.exempt?.nominalConcurrencyShares ?? 0) : (spec?.limited?.nominalConcurrencyShares ?? defaultShares);

export function limitsOf(levels: readonly PriorityLevelConfiguration[], seats: number): ReadonlyMap<string, LevelLimits> {
  const sum = levels.reduce((shares, level) => shares + sharesOf(level), 0);
  return new Map(
    levels.map((level) => {
      const nominal = sum === 0 ? 0 : Math.ceil((seats * sharesOf(level)) / sum);
      const { lendablePercent = 0 } = (level.spec?.type === 'Exempt' ? level.spec.exempt : level.spec?.limited) ?? {};
      const borrowing = level.spec?.limited?.borrowingLimitPercent;
      return [
        nameOf(level),
        {
          nominal,
          least: nominal - Math.round((nominal * lendablePercent) / 100),
          most: borrowing === undefined ? seats : Math.min(seats, nominal + Math.round((nominal * borrowing) / 100)),
        },
      ];
    }),
  );
}
