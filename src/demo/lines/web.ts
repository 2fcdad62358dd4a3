/** nginx and Apache: access logs (combined) and error logs. */
import { apacheStamp, clfStamp, slashStamp } from './stamps.ts';

export type Hit = {
  readonly at: number;
  readonly ip: string;
  readonly user?: string;
  readonly method: string;
  readonly path: string;
  readonly status: number;
  readonly bytes: number;
  readonly referrer?: string;
  readonly agent: string;
};
/** Both servers' `combined` format. */
export const combined = (h: Hit): string =>
  `${h.ip} - ${h.user ?? '-'} [${clfStamp(h.at)}] "${h.method} ${h.path} HTTP/1.1" ${h.status} ${h.bytes} "${h.referrer ?? '-'}" "${h.agent}"`;

export type WebError = {
  readonly at: number;
  readonly ip: string;
  readonly port: number;
  readonly pid: number;
  readonly connection: number;
  readonly path: string;
  readonly site: string;
};
export const nginxMissing = (e: WebError): string =>
  `${slashStamp(e.at)} [error] ${e.pid}#${e.pid}: *${e.connection} open() "/var/www/html${e.path}" failed (2: No such file or directory), client: ${e.ip}, server: ${e.site}, request: "GET ${e.path} HTTP/1.1", host: "${e.site}"`;
export const nginxUpstream = (e: WebError, upstream: string): string =>
  `${slashStamp(e.at)} [warn] ${e.pid}#${e.pid}: *${e.connection} upstream response is buffered to a temporary file /var/cache/nginx/proxy_temp/${e.connection % 10}/${e.connection} while reading upstream, client: ${e.ip}, server: ${e.site}, request: "GET ${e.path} HTTP/1.1", upstream: "http://${upstream}${e.path}", host: "${e.site}"`;
export const apacheMissing = (e: WebError): string =>
  `[${apacheStamp(e.at)}] [core:error] [pid ${e.pid}:tid ${140000000000000 + e.connection}] [client ${e.ip}:${e.port}] AH00128: File does not exist: /var/www/intranet${e.path}`;
