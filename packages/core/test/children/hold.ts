import { openLink } from '../../src/index.js';
import { loadCore } from '../support/core-object.js';

/*
 * A controller that is killed: attaches a program to an interface, by XDP, TCX or clsact, pins the link and a map,
 * and waits. With "take" it takes over what is pinned instead: replaces the program, or removes the link.
 */

const [action, interfaceName = '', directory = ''] = process.argv.slice(2);
const core = loadCore();
const { core_xdp, core_tc } = core.programs;

if (action === 'remove') {
  openLink(`${directory}/link`).detach();
  console.log('"removed"');
} else if (action === 'replace') {
  const link = openLink(`${directory}/link`);
  link.update(link.kind === 'xdp' ? core_xdp : core_tc);
  core.maps.live.pin(`${directory}/live2`);
  link.close();
  console.log('"replaced"');
} else {
  const force = action === 'clsact' ? ({ force: 'clsact' } as const) : {};
  const link =
    action === 'xdp' ? core_xdp.attachXdp(interfaceName) : core_tc.attachTc(interfaceName, 'ingress', force);
  core.maps.live.pin(`${directory}/live`);
  link.pin(`${directory}/link`);
  console.log('"ready"');
  process.stdin.resume();
}
