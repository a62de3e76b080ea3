/** The newest kernel and systemd, and containerd 2. */
import { nodeOnMachine } from './node.contract.ts';

nodeOnMachine('debian-unstable');
