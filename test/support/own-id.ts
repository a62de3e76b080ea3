/** A name for what a test makes on the machine: no other run, and nothing that an earlier one left, has the same. */
import { randomBytes } from 'node:crypto';

/** Six letters, as names of network interfaces need. */
export const ownId = (): string => `t${randomBytes(3).toString('hex').slice(1)}`;
