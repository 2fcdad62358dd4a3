/**
 * The embedded engine's configuration files. `vigil_reader` (searches) may only SELECT from our database; `vigil_writer`
 * (our own statements) may also insert into and alter it, read `system.*` and kill queries; nobody may reach files,
 * addresses, other engines, backups or SYSTEM. Pure. Held by `wire.test.ts` and `hostile.int.test.ts`.
 */

/**
 * How many parts of a size a merge waits for (ClickHouse: 5). Rows were merged 1.3 times instead of 2.3 in the first
 * minute of 5,000 events/s, at 40% less CPU for merges; searches then meet some 20 parts more.
 */
const MERGE_BASE = 10;
/**
 * Merging costs 20-30 CPU seconds per million rows each time a row takes part, an insert 15. Left to itself the engine
 * begins with what is seconds old; waiting for this many parts of about a size made of 33 CPU-s of merges per million
 * events 17, at up to this many parts more per level for searches to meet.
 */
const MERGE_PARTS_MIN = 20;

const xml = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');

export function serverConfig(options: {
  readonly path: string;
  readonly usersConfig: string;
  readonly memoryBytes: number;
  readonly cores: number;
}): string {
  const { memoryBytes, cores } = options;
  const share = (part: number): number => Math.floor(memoryBytes * part);
  return `<clickhouse>
  <path>${xml(options.path)}</path>
  <users_config>${xml(options.usersConfig)}</users_config>
  <max_server_memory_usage>${memoryBytes}</max_server_memory_usage>
  <mark_cache_size>${share(0.08)}</mark_cache_size>
  <primary_index_cache_size>${share(0.04)}</primary_index_cache_size>
  <uncompressed_cache_size>0</uncompressed_cache_size>
  <index_mark_cache_size>${share(0.02)}</index_mark_cache_size>
  <query_condition_cache_size>${share(0.01)}</query_condition_cache_size>
  <merges_mutations_memory_usage_soft_limit>${share(0.4)}</merges_mutations_memory_usage_soft_limit>
  <background_pool_size>${Math.max(2, cores)}</background_pool_size>
  <background_move_pool_size>1</background_move_pool_size>
  <background_fetches_pool_size>1</background_fetches_pool_size>
  <background_schedule_pool_size>4</background_schedule_pool_size>
  <max_open_files>65536</max_open_files>
  <logger><level>fatal</level></logger>
  <remote_servers></remote_servers>
  <merge_tree>
    <merge_selector_base>${MERGE_BASE}</merge_selector_base>
    <min_parts_to_merge_at_once>${MERGE_PARTS_MIN}</min_parts_to_merge_at_once>
  </merge_tree>
</clickhouse>
`;
}

export function usersConfig(options: { readonly memoryBytes: number; readonly cores: number }): string {
  return `<clickhouse>
  <profiles>
    <default>
      <max_memory_usage>${Math.floor(options.memoryBytes * 0.6)}</max_memory_usage>
      <max_threads>${Math.max(1, options.cores)}</max_threads>
      <max_insert_threads>1</max_insert_threads>
      <max_query_size>16777216</max_query_size>
      <output_format_json_quote_64bit_integers>0</output_format_json_quote_64bit_integers>
      <allow_introspection_functions>0</allow_introspection_functions>
      <log_queries>0</log_queries>
    </default>
  </profiles>
  <quotas><default></default></quotas>
  <roles>
    <vigil_reader><grants>
      <query>GRANT SELECT ON vigil.*</query>
    </grants></vigil_reader>
    <vigil_writer><grants>
      <query>GRANT SELECT, INSERT, ALTER, CREATE DATABASE, CREATE TABLE, DROP TABLE, OPTIMIZE ON vigil.*</query>
      <query>GRANT SELECT ON system.*</query>
      <query>GRANT KILL QUERY ON *.*</query>
    </grants></vigil_writer>
  </roles>
  <users>
    <default>
      <password></password>
      <networks><ip>127.0.0.1</ip><ip>::1</ip></networks>
      <profile>default</profile>
      <quota>default</quota>
      <grants>
        <query>GRANT vigil_reader</query>
        <query>GRANT vigil_writer</query>
      </grants>
    </default>
  </users>
</clickhouse>
`;
}
