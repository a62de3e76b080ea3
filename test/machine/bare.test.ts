/** What a person has who has just made a machine of the oldest release that is tested. */
import { bareMachineJoins } from './node.contract.ts';

bareMachineJoins('debian-12');
