/** The release in between, with containerd 1.7. */
import { nodeOnMachine } from './node.contract.ts';

nodeOnMachine('debian-13');
