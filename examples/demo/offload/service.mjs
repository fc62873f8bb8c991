import { OffloadManager, SimulatedHardware } from '@cryptbpf/offload';
import { configureInterface, run, serve } from '../role.mjs';
import { AEAD_KEY, CABLE, CLIENT_ID, PORT } from './cable.mjs';

/* The machine with the service, and a card that is simulated. */

const STALL_MS = 200;
const PLENTY = { perSecond: 1e6, burst: 1e6 };

const hardware = new SimulatedHardware({ latencyUs: 100 });
let service;

async function start({ secret, key }) {
  run('mount', '-t', 'bpf', 'bpf', '/sys/fs/bpf');
  configureInterface('to-client', CABLE.service);
  service = await OffloadManager.attach({
    interface: 'to-client',
    ports: [PORT],
    clients: [{ id: CLIENT_ID, secret: Buffer.from(secret, 'hex'), rate: PLENTY }],
    keys: { [AEAD_KEY]: { use: 'aead', secret: Buffer.from(key, 'hex') } },
    hardware,
    stallMs: STALL_MS,
    onError: () => {}, // the demo asks for counts() instead
  });
}

function counts() {
  const { reasons, userspace, routes } = service.stats();
  return {
    byBpf: Number(reasons.ANSWER_RESULT.packets),
    replays: Number(reasons.DROP_REPLAY.packets),
    forged: Number(reasons.DROP_OFFLOAD_TAG.packets),
    moved: userspace.moved,
    wrong: userspace.wrong,
    isOut: routes.hardware.isOut,
    outages: routes.hardware.outages,
  };
}

serve({
  start,
  counts,
  policy: (policy) => service.update({ policy }),
  fail: (failure) => {
    hardware.card.failure = failure;
  },
});
