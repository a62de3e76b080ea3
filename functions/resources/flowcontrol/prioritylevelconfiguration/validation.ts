/** Source: pkg/apis/flowcontrol/validation/validation.go, ValidatePriorityLevelConfiguration. */
import { semanticallyEqual } from '../../../kube/equality.ts';
import { type FieldError, forbiddenField, invalid, notSupported, required } from '../../../kube/field-error.ts';
import type {
  LimitedPriorityLevelConfiguration as Limited,
  LimitResponse,
  PriorityLevelConfiguration,
  QueuingConfiguration,
} from '../../../kube/generated/types.ts';
import { internalForm } from '../../../kube/go-internal.ts';
import { annotationsOf, nameOf } from '../../../kube/object.ts';
import { mandatoryNames, priorityLevels } from '../../bootstrap/flow-control.ts';

const zeroSharesAnnotation = 'flowcontrol.k8s.io/preserve-zero-concurrency-shares';
const levelTypes = ['Exempt', 'Limited'];
const responseTypes = ['Queue', 'Reject'];
const queuesMax = 10_000_000;
const hashBitsMax = 60;

export const validateLevel = (level: PriorityLevelConfiguration): FieldError[] => [...specErrors(level), ...mandatoryErrors(level)];

/** Two levels are what every cluster has; of the exempt one, its numbers may change. */
function mandatoryErrors(level: PriorityLevelConfiguration): FieldError[] {
  const name = nameOf(level);
  const fixed = mandatoryNames.has(name) ? priorityLevels.find((one) => nameOf(one) === name)?.spec : undefined;
  if (fixed === undefined) return [];
  const isExempt = name === 'exempt';
  if (semanticallyEqual(isExempt ? { ...level.spec, exempt: fixed.exempt } : level.spec, fixed)) return [];
  const why = `spec of '${name}'${isExempt ? " except the 'spec.exempt' field" : ''} must equal the fixed value`;
  return [invalid('spec', internalForm('flowcontrol.PriorityLevelConfigurationSpec', level.spec), why)];
}

function specErrors(level: PriorityLevelConfiguration): FieldError[] {
  const { type = '', limited, exempt } = level.spec ?? {};
  const errors: FieldError[] = [];
  if (annotationsOf(level)[zeroSharesAnnotation] !== undefined) {
    errors.push(forbiddenField('metadata.annotations', `annotation '${zeroSharesAnnotation}' is forbidden`));
  }
  if ((nameOf(level) === 'exempt') !== (type === 'Exempt')) {
    errors.push(invalid('spec.type', type, "must be 'Exempt' if and only if `name` is 'exempt'"));
  }
  if (!levelTypes.includes(type)) {
    if (type !== '') errors.push(notSupported('spec.type', type, levelTypes));
    if (exempt !== undefined) errors.push(forbiddenField('spec.exempt', ''));
    if (limited !== undefined) errors.push(forbiddenField('spec.limited', ''));
    return type === '' ? [...errors, required('spec.type')] : errors;
  }
  if (type === 'Exempt') {
    if (limited !== undefined) errors.push(forbiddenField('spec.limited', ''));
    return exempt === undefined ? errors : [...errors, ...sharesErrors(exempt, 'spec.exempt')];
  }
  if (exempt !== undefined) errors.push(forbiddenField('spec.exempt', ''));
  if (limited === undefined) return [...errors, required('spec.limited')];
  return [...errors, ...limitedErrors(limited, 'spec.limited')];
}

type Shares = Pick<Limited, 'nominalConcurrencyShares' | 'lendablePercent'>;

const shareErrors = ({ nominalConcurrencyShares: shares = 0 }: Shares, path: string): FieldError[] =>
  shares < 0 ? [invalid(`${path}.nominalConcurrencyShares`, shares, 'must be a non-negative integer')] : [];

const lendableErrors = ({ lendablePercent: percent = 0 }: Shares, path: string): FieldError[] =>
  percent < 0 || percent > 100 ? [invalid(`${path}.lendablePercent`, percent, 'must be between 0 and 100, inclusive')] : [];

const sharesErrors = (shares: Shares, path: string): FieldError[] => [...shareErrors(shares, path), ...lendableErrors(shares, path)];

function limitedErrors(limited: Limited, path: string): FieldError[] {
  const { borrowingLimitPercent: percent = 0, limitResponse } = limited;
  return [
    ...shareErrors(limited, path),
    ...responseErrors(limitResponse ?? { type: '' }, `${path}.limitResponse`),
    ...lendableErrors(limited, path),
    ...(percent < 0 ? [invalid(`${path}.borrowingLimitPercent`, percent, 'if specified, must be a non-negative integer')] : []),
  ];
}

function responseErrors({ type, queuing }: LimitResponse, path: string): FieldError[] {
  if (!type) return [required(`${path}.type`)];
  const forbidden = queuing === undefined ? [] : [forbiddenField(`${path}.queuing`, '')];
  if (!responseTypes.includes(type)) return [notSupported(`${path}.type`, type, responseTypes), ...forbidden];
  if (type === 'Reject') return forbidden;
  if (queuing === undefined) return [required(`${path}.queuing`)];
  return queuingErrors(queuing, `${path}.queuing`);
}

function queuingErrors({ queueLengthLimit = 0, queues = 0, handSize = 0 }: QueuingConfiguration, path: string): FieldError[] {
  const errors: FieldError[] = [];
  if (queueLengthLimit <= 0) errors.push(invalid(`${path}.queueLengthLimit`, queueLengthLimit, 'must be positive'));
  if (queues <= 0) errors.push(invalid(`${path}.queues`, queues, 'must be positive'));
  else if (queues > queuesMax) errors.push(invalid(`${path}.queues`, queues, `must not be greater than ${queuesMax}`));
  const field = `${path}.handSize`;
  if (handSize <= 0) return [...errors, invalid(field, handSize, 'must be positive')];
  if (handSize > queues) return [...errors, invalid(field, handSize, `should not be greater than queues (${queues})`)];
  if (entropyBits(queues, handSize) <= hashBitsMax) return errors;
  const why = `required entropy bits of deckSize ${queues} and handSize ${handSize} should not be greater than ${hashBitsMax}`;
  return [...errors, invalid(field, handSize, why)];
}

/** Bits that choose a hand out of the queues. Source: apiserver, pkg/util/shufflesharding, RequiredEntropyBits. */
const entropyBits = (queues: number, handSize: number): number =>
  Math.ceil(Array.from({ length: handSize }, (_, index) => Math.log2(queues - index)).reduce((sum, bits) => sum + bits, 0));
