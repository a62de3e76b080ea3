/** Both carriers of tunnels keep the same promises. */
import { mailSetup, relaySetup, socketPair } from '../support/tunnel-setups.ts';
import { tunnelContract } from './tunnel.contract.ts';

tunnelContract('that both ends have in one process', relaySetup, socketPair);
tunnelContract('by mail', () => mailSetup(), socketPair);
