import { requestAccess } from '@cryptbpf/pow/udp';

const [host = 'localhost'] = process.argv.slice(2);

try {
  const { source, difficulty, lifetime } = await requestAccess({ host, timeout: 10_000 });
  console.log(`${source} is admitted for ${lifetime} seconds, for ${difficulty} bits of work`);
} catch (error) {
  console.error(`no access to ${host}: ${/** @type {Error} */ (error).message}`);
  process.exit(1);
}

const response = await fetch(`http://${host}:8080/`);
console.log(await response.text());
