// What a line in the hosts file and port 443 would do: each TLS connection leads to the emulator, under the name that was
// asked for. Loaded before a client (node --require); EMULATOR_PORT says where the emulator is.
'use strict';

const tls = require('node:tls');

const connect = tls.connect;
tls.connect = (options, ...more) =>
  connect({ ...options, host: '127.0.0.1', port: Number(process.env.EMULATOR_PORT), servername: options.servername ?? options.host }, ...more);

