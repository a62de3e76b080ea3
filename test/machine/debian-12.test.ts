/** containerd 1.6 of the oldest release that is tested. */
import { nodeOnMachine } from './node.contract.ts';

nodeOnMachine('debian-12');
