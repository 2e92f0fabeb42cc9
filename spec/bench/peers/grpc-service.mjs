// The service of grpc.proto, loaded as the guide of grpc-js says.
import {fileURLToPath} from 'node:url';
import grpc from '@grpc/grpc-js';
import loader from '@grpc/proto-loader';

export const {Bench} = grpc.loadPackageDefinition(
  loader.loadSync(fileURLToPath(new URL('grpc.proto', import.meta.url))),
);
