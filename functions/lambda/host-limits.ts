/** What AWS's hosts of the API can carry. A deployment may set less, never more. */
import { SettingsError } from '../cloud/settings.ts';

export const hostLimitNames = {
  answerBytesMax: 'HIBERNETES_ANSWER_BYTES_MAX',
  requestSecondsMax: 'HIBERNETES_REQUEST_SECONDS_MAX',
} as const;

export interface HostLimits {
  readonly answerBytesMax: number;
  readonly requestSecondsMax: number;
}

/**
 * Source: AWS Lambda developer guide, "Response streaming" (200 MB behind a Function URL) and the largest time-out of a
 * Web Function. What a Web Function's answer may have is not documented: the same is taken for safe.
 */
const largest: HostLimits = { answerBytesMax: 200_000_000, requestSecondsMax: 900 };

export function hostLimitsOf(environment: (name: string) => string | undefined): HostLimits {
  const limit = (name: keyof HostLimits): number => {
    const text = environment(hostLimitNames[name]);
    const value = text === undefined ? largest[name] : Number(text);
    if (!Number.isInteger(value) || value < 1 || value > largest[name])
      throw new SettingsError(`${hostLimitNames[name]} must be a whole number of at most ${largest[name]}, not ${text ?? 'empty'}`);
    return value;
  };
  return { answerBytesMax: limit('answerBytesMax'), requestSecondsMax: limit('requestSecondsMax') };
}
