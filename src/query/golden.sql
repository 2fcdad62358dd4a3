-- count 
SELECT count() AS total
  FROM vigil.events
  WHERE tenant = {p1:String} AND ts >= fromUnixTimestamp64Micro({p2:Int64}, 'UTC') AND ts < fromUnixTimestamp64Micro({p3:Int64}, 'UTC')
-- {"p1":"default","p2":1772582400000000,"p3":1772668800000000}

-- count failed
SELECT count() AS total
  FROM vigil.events
  WHERE tenant = {p1:String} AND ts >= fromUnixTimestamp64Micro({p2:Int64}, 'UTC') AND ts < fromUnixTimestamp64Micro({p3:Int64}, 'UTC')
  AND ( hasAllTokens(raw, {p5:Array(String)}))
-- {"p1":"default","p2":1772582400000000,"p3":1772668800000000,"p4":"failed","p5":["failed"]}

-- count "failed password" NOT root
SELECT count() AS total
  FROM vigil.events
  WHERE tenant = {p1:String} AND ts >= fromUnixTimestamp64Micro({p2:Int64}, 'UTC') AND ts < fromUnixTimestamp64Micro({p3:Int64}, 'UTC')
  AND ( ((hasAllTokens(raw, {p5:Array(String)}) AND hasPhrase(lowerUTF8(raw), {p4:String})) AND NOT (hasPhrase(lowerUTF8(raw), {p6:String}))))
-- {"p1":"default","p2":1772582400000000,"p3":1772668800000000,"p4":"failed password","p5":["failed","password"],"p6":"root"}

-- count 10.0.1.5
SELECT count() AS total
  FROM vigil.events
  WHERE tenant = {p1:String} AND ts >= fromUnixTimestamp64Micro({p2:Int64}, 'UTC') AND ts < fromUnixTimestamp64Micro({p3:Int64}, 'UTC')
  AND ( (has(entities, {p4:String}) OR (hasAllTokens(raw, {p6:Array(String)}) AND hasPhrase(lowerUTF8(raw), {p5:String}))))
-- {"p1":"default","p2":1772582400000000,"p3":1772668800000000,"p4":"ip:10.0.1.5","p5":"10 0 1 5","p6":["10","0","1","5"]}

-- count user:root
SELECT count() AS total
  FROM vigil.events
  WHERE tenant = {p1:String} AND ts >= fromUnixTimestamp64Micro({p2:Int64}, 'UTC') AND ts < fromUnixTimestamp64Micro({p3:Int64}, 'UTC')
  AND ( has(entities, {p4:String}))
-- {"p1":"default","p2":1772582400000000,"p3":1772668800000000,"p4":"user:root"}

-- count user.name:root OR user.name == Root
SELECT count() AS total
  FROM vigil.events
  WHERE tenant = {p1:String} AND ts >= fromUnixTimestamp64Micro({p2:Int64}, 'UTC') AND ts < fromUnixTimestamp64Micro({p3:Int64}, 'UTC')
  AND ( (lowerUTF8(user_name) = {p4:String} OR user_name = {p5:String}))
-- {"p1":"default","p2":1772582400000000,"p3":1772668800000000,"p4":"root","p5":"Root"}

-- count user.name:""
SELECT count() AS total
  FROM vigil.events
  WHERE tenant = {p1:String} AND ts >= fromUnixTimestamp64Micro({p2:Int64}, 'UTC') AND ts < fromUnixTimestamp64Micro({p3:Int64}, 'UTC')
  AND ( (lowerUTF8(user_name) = {p4:String}
  AND ( user_name != '' OR has(empties, {p5:String}))))
-- {"p1":"default","p2":1772582400000000,"p3":1772668800000000,"p4":"","p5":"user.name"}

-- count user.name:ro*
SELECT count() AS total
  FROM vigil.events
  WHERE tenant = {p1:String} AND ts >= fromUnixTimestamp64Micro({p2:Int64}, 'UTC') AND ts < fromUnixTimestamp64Micro({p3:Int64}, 'UTC')
  AND ( lowerUTF8(user_name) LIKE {p4:String})
-- {"p1":"default","p2":1772582400000000,"p3":1772668800000000,"p4":"ro%"}

-- count message:*100%_\\*
SELECT count() AS total
  FROM vigil.events
  WHERE tenant = {p1:String} AND ts >= fromUnixTimestamp64Micro({p2:Int64}, 'UTC') AND ts < fromUnixTimestamp64Micro({p3:Int64}, 'UTC')
  AND ( lowerUTF8(message) LIKE {p4:String})
-- {"p1":"default","p2":1772582400000000,"p3":1772668800000000,"p4":"%100\\%\\_\\\\%"}

-- count user.name IN (alice, bob)
SELECT count() AS total
  FROM vigil.events
  WHERE tenant = {p1:String} AND ts >= fromUnixTimestamp64Micro({p2:Int64}, 'UTC') AND ts < fromUnixTimestamp64Micro({p3:Int64}, 'UTC')
  AND ( has({p4:Array(String)}, lowerUTF8(user_name)))
-- {"p1":"default","p2":1772582400000000,"p3":1772668800000000,"p4":["alice","bob"]}

-- count event.category:authentication
SELECT count() AS total
  FROM vigil.events
  WHERE tenant = {p1:String} AND ts >= fromUnixTimestamp64Micro({p2:Int64}, 'UTC') AND ts < fromUnixTimestamp64Micro({p3:Int64}, 'UTC')
  AND ( arrayExists(x -> lowerUTF8(x) = {p4:String}, event_category))
-- {"p1":"default","p2":1772582400000000,"p3":1772668800000000,"p4":"authentication"}

-- count source.ip:10.0.1.5
SELECT count() AS total
  FROM vigil.events
  WHERE tenant = {p1:String} AND ts >= fromUnixTimestamp64Micro({p2:Int64}, 'UTC') AND ts < fromUnixTimestamp64Micro({p3:Int64}, 'UTC')
  AND ( ifNull(source_ip = {p4:IPv6}, 0))
-- {"p1":"default","p2":1772582400000000,"p3":1772668800000000,"p4":"::ffff:10.0.1.5"}

-- count source.ip:10.0.0.0/8
SELECT count() AS total
  FROM vigil.events
  WHERE tenant = {p1:String} AND ts >= fromUnixTimestamp64Micro({p2:Int64}, 'UTC') AND ts < fromUnixTimestamp64Micro({p3:Int64}, 'UTC')
  AND ( (isNotNull(source_ip)
  AND ( (assumeNotNull(source_ip) >= {p4:IPv6} AND assumeNotNull(source_ip) <= {p5:IPv6}))))
-- {"p1":"default","p2":1772582400000000,"p3":1772668800000000,"p4":"0000:0000:0000:0000:0000:ffff:0a00:0000","p5":"0000:0000:0000:0000:0000:ffff:0aff:ffff"}

-- count NOT source.port:22
SELECT count() AS total
  FROM vigil.events
  WHERE tenant = {p1:String} AND ts >= fromUnixTimestamp64Micro({p2:Int64}, 'UTC') AND ts < fromUnixTimestamp64Micro({p3:Int64}, 'UTC')
  AND ( NOT (ifNull(source_port = {p4:Int64}, 0)))
-- {"p1":"default","p2":1772582400000000,"p3":1772668800000000,"p4":22}

-- count source.port >= 1024
SELECT count() AS total
  FROM vigil.events
  WHERE tenant = {p1:String} AND ts >= fromUnixTimestamp64Micro({p2:Int64}, 'UTC') AND ts < fromUnixTimestamp64Micro({p3:Int64}, 'UTC')
  AND ( ifNull(source_port >= {p4:Int64}, 0))
-- {"p1":"default","p2":1772582400000000,"p3":1772668800000000,"p4":1024}

-- count x509.not_after < now+30d
SELECT count() AS total
  FROM vigil.events
  WHERE tenant = {p1:String} AND ts >= fromUnixTimestamp64Micro({p2:Int64}, 'UTC') AND ts < fromUnixTimestamp64Micro({p3:Int64}, 'UTC')
  AND ( ifNull(x509_not_after < fromUnixTimestamp64Micro({p4:Int64}, 'UTC'), 0))
-- {"p1":"default","p2":1772582400000000,"p3":1772668800000000,"p4":1775260800000000}

-- count @timestamp:2026-03-04
SELECT count() AS total
  FROM vigil.events
  WHERE tenant = {p1:String} AND ts >= fromUnixTimestamp64Micro({p2:Int64}, 'UTC') AND ts < fromUnixTimestamp64Micro({p3:Int64}, 'UTC')
  AND ( (ts >= fromUnixTimestamp64Micro({p4:Int64}, 'UTC') AND ts < fromUnixTimestamp64Micro({p5:Int64}, 'UTC')))
-- {"p1":"default","p2":1772582400000000,"p3":1772668800000000,"p4":1772582400000000,"p5":1772668800000000}

-- count exists(user.name) null(source.ip) custom.x:*
SELECT count() AS total
  FROM vigil.events
  WHERE tenant = {p1:String} AND ts >= fromUnixTimestamp64Micro({p2:Int64}, 'UTC') AND ts < fromUnixTimestamp64Micro({p3:Int64}, 'UTC')
  AND ( ((user_name != '' OR has(empties, {p4:String}) OR has(nulls, {p4:String})) AND isNull(source_ip)
  AND ( fields[{p6:String}] != '' OR mapContains(lists, {p6:String}) OR has(empties, {p6:String}) OR has(nulls, {p6:String}))))
-- {"p1":"default","p2":1772582400000000,"p3":1772668800000000,"p4":"user.name","p5":"source.ip","p6":"custom.x"}

-- count custom.x:v NOT custom.x == ""
SELECT count() AS total
  FROM vigil.events
  WHERE tenant = {p1:String} AND ts >= fromUnixTimestamp64Micro({p2:Int64}, 'UTC') AND ts < fromUnixTimestamp64Micro({p3:Int64}, 'UTC')
  AND ( ((lowerUTF8(fields[{p5:String}]) = {p4:String} OR arrayExists(x -> lowerUTF8(x) = {p4:String}, lists[{p5:String}])) AND NOT (((fields[{p5:String}] != '' AND fields[{p5:String}] = {p6:String}) OR has(empties, {p5:String}) OR arrayExists(x -> x = {p6:String}, lists[{p5:String}])))))
-- {"p1":"default","p2":1772582400000000,"p3":1772668800000000,"p4":"v","p5":"custom.x","p6":""}

-- count custom.x > 1.5
SELECT count() AS total
  FROM vigil.events
  WHERE tenant = {p1:String} AND ts >= fromUnixTimestamp64Micro({p2:Int64}, 'UTC') AND ts < fromUnixTimestamp64Micro({p3:Int64}, 'UTC')
  AND ( ((match(fields[{p5:String}], '^[+-]?[0-9]+([.][0-9]+)?([eE][+-]?[0-9]{1,3})?$') AND length(fields[{p5:String}]) <= 64 AND isFinite(toFloat64OrZero(toString(fields[{p5:String}]))) AND toFloat64OrZero(toString(fields[{p5:String}])) > {p4:Float64}) OR arrayExists(x -> (match(x, '^[+-]?[0-9]+([.][0-9]+)?([eE][+-]?[0-9]{1,3})?$') AND length(x) <= 64 AND isFinite(toFloat64OrZero(toString(x))) AND toFloat64OrZero(toString(x)) > {p4:Float64}), lists[{p5:String}])))
-- {"p1":"default","p2":1772582400000000,"p3":1772668800000000,"p4":1.5,"p5":"custom.x"}

-- count custom.ip:10.0.0.0/8
SELECT count() AS total
  FROM vigil.events
  WHERE tenant = {p1:String} AND ts >= fromUnixTimestamp64Micro({p2:Int64}, 'UTC') AND ts < fromUnixTimestamp64Micro({p3:Int64}, 'UTC')
  AND ( (arrayExists(a -> isNotNull(a)
  AND ( (assumeNotNull(a) >= {p5:IPv6} AND assumeNotNull(a) <= {p6:IPv6})), [multiIf(match(fields[{p4:String}], '^(25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])[.](25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])[.](25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])[.](25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])$'), toIPv6OrNull(toString(fields[{p4:String}])), length(fields[{p4:String}]) <= 64
  AND ( match(replaceRegexpOne(if(startsWith(fields[{p4:String}], '[') AND endsWith(fields[{p4:String}], ']'), substring(fields[{p4:String}], 2, length(fields[{p4:String}]) - 2), fields[{p4:String}]), '%[0-9A-Za-z._-]+$', ''), '^[0-9a-fA-F:]*:((25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])[.](25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])[.](25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])[.](25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9]))?$') OR match(replaceRegexpOne(if(startsWith(fields[{p4:String}], '[') AND endsWith(fields[{p4:String}], ']'), substring(fields[{p4:String}], 2, length(fields[{p4:String}]) - 2), fields[{p4:String}]), '%[0-9A-Za-z._-]+$', ''), '^[0-9a-fA-F:]*:[0-9a-fA-F:]*$')), toIPv6OrNull(toString(replaceRegexpOne(if(startsWith(fields[{p4:String}], '[') AND endsWith(fields[{p4:String}], ']'), substring(fields[{p4:String}], 2, length(fields[{p4:String}]) - 2), fields[{p4:String}]), '%[0-9A-Za-z._-]+$', ''))), NULL)]) OR arrayExists(x -> arrayExists(a -> isNotNull(a)
  AND ( (assumeNotNull(a) >= {p5:IPv6} AND assumeNotNull(a) <= {p6:IPv6})), [multiIf(match(x, '^(25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])[.](25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])[.](25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])[.](25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])$'), toIPv6OrNull(toString(x)), length(x) <= 64
  AND ( match(replaceRegexpOne(if(startsWith(x, '[') AND endsWith(x, ']'), substring(x, 2, length(x) - 2), x), '%[0-9A-Za-z._-]+$', ''), '^[0-9a-fA-F:]*:((25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])[.](25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])[.](25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])[.](25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9]))?$') OR match(replaceRegexpOne(if(startsWith(x, '[') AND endsWith(x, ']'), substring(x, 2, length(x) - 2), x), '%[0-9A-Za-z._-]+$', ''), '^[0-9a-fA-F:]*:[0-9a-fA-F:]*$')), toIPv6OrNull(toString(replaceRegexpOne(if(startsWith(x, '[') AND endsWith(x, ']'), substring(x, 2, length(x) - 2), x), '%[0-9A-Za-z._-]+$', ''))), NULL)]), lists[{p4:String}])))
-- {"p1":"default","p2":1772582400000000,"p3":1772668800000000,"p4":"custom.ip","p5":"0000:0000:0000:0000:0000:ffff:0a00:0000","p6":"0000:0000:0000:0000:0000:ffff:0aff:ffff"}

-- count url.path =~ "^/admin"i
SELECT count() AS total
  FROM vigil.events
  WHERE tenant = {p1:String} AND ts >= fromUnixTimestamp64Micro({p2:Int64}, 'UTC') AND ts < fromUnixTimestamp64Micro({p3:Int64}, 'UTC')
  AND ( match(url_path, {p4:String}))
-- {"p1":"default","p2":1772582400000000,"p3":1772668800000000,"p4":"(?i-s)^/admin"}

-- count x509.issuer.common_name NOT IN approved_cas
SELECT count() AS total
  FROM vigil.events
  WHERE tenant = {p1:String} AND ts >= fromUnixTimestamp64Micro({p2:Int64}, 'UTC') AND ts < fromUnixTimestamp64Micro({p3:Int64}, 'UTC')
  AND ( NOT (has({p4:Array(String)}, lowerUTF8(x509_issuer_common_name))))
-- {"p1":"default","p2":1772582400000000,"p3":1772668800000000,"p4":["example ca","other ca"]}

-- count dns.question.name IN monitored source.ip IN ours
SELECT count() AS total
  FROM vigil.events
  WHERE tenant = {p1:String} AND ts >= fromUnixTimestamp64Micro({p2:Int64}, 'UTC') AND ts < fromUnixTimestamp64Micro({p3:Int64}, 'UTC')
  AND ( ((has({p4:Array(String)}, replaceRegexpOne(lowerUTF8(dns_question_name), '[.]$', '')) OR arrayExists(m -> endsWith(replaceRegexpOne(lowerUTF8(dns_question_name), '[.]$', ''), concat('.', m)), {p4:Array(String)}) OR (startsWith(replaceRegexpOne(lowerUTF8(dns_question_name), '[.]$', ''), '*.') AND has({p5:Array(String)}, substring(replaceRegexpOne(lowerUTF8(dns_question_name), '[.]$', ''), 3))))
  AND ( isNotNull(source_ip)
  AND ( (assumeNotNull(source_ip) >= {p6:IPv6} AND assumeNotNull(source_ip) <= {p7:IPv6}) OR (assumeNotNull(source_ip) >= {p8:IPv6} AND assumeNotNull(source_ip) <= {p9:IPv6} AND NOT (assumeNotNull(source_ip) >= {p10:IPv6} AND assumeNotNull(source_ip) <= {p11:IPv6}))))))
-- {"p1":"default","p2":1772582400000000,"p3":1772668800000000,"p4":["example.com"],"p5":["com"],"p6":"0000:0000:0000:0000:0000:ffff:0a00:0000","p7":"0000:0000:0000:0000:0000:ffff:0aff:ffff","p8":"0000:0000:0000:0000:0000:0000:0000:0000","p9":"ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff","p10":"0000:0000:0000:0000:0000:ffff:0000:0000","p11":"0000:0000:0000:0000:0000:ffff:ffff:ffff"}

-- count fieldref(user.name, equals, user.target.name)
SELECT count() AS total
  FROM vigil.events
  WHERE tenant = {p1:String} AND ts >= fromUnixTimestamp64Micro({p2:Int64}, 'UTC') AND ts < fromUnixTimestamp64Micro({p3:Int64}, 'UTC')
  AND ( arrayExists(a -> arrayExists(b -> a = b, arrayMap(x -> replaceAll(lowerUTF8(x), 'ς', 'σ'), if(user_target_name != '' OR has(empties, {p4:String}), [toString(user_target_name)], emptyArrayString()))), arrayMap(x -> replaceAll(lowerUTF8(x), 'ς', 'σ'), if(user_name != '' OR has(empties, {p5:String}), [toString(user_name)], emptyArrayString()))))
-- {"p1":"default","p2":1772582400000000,"p3":1772668800000000,"p4":"user.target.name","p5":"user.name"}

-- count cased(host.name:WEB*)
SELECT count() AS total
  FROM vigil.events
  WHERE tenant = {p1:String} AND ts >= fromUnixTimestamp64Micro({p2:Int64}, 'UTC') AND ts < fromUnixTimestamp64Micro({p3:Int64}, 'UTC')
  AND ( host_name LIKE {p4:String})
-- {"p1":"default","p2":1772582400000000,"p3":1772668800000000,"p4":"WEB%"}

-- count source.bytes > 10 * destination.bytes
SELECT count() AS total
  FROM vigil.events
  WHERE tenant = {p1:String} AND ts >= fromUnixTimestamp64Micro({p2:Int64}, 'UTC') AND ts < fromUnixTimestamp64Micro({p3:Int64}, 'UTC')
  AND ( ifNull(toFloat64(source_bytes) > ({p4:Float64} * toFloat64(destination_bytes)), 0))
-- {"p1":"default","p2":1772582400000000,"p3":1772668800000000,"p4":10}

-- count custom.a / custom.b >= 1.5 NOT x509.alternative_names == lower(user.name)
SELECT count() AS total
  FROM vigil.events
  WHERE tenant = {p1:String} AND ts >= fromUnixTimestamp64Micro({p2:Int64}, 'UTC') AND ts < fromUnixTimestamp64Micro({p3:Int64}, 'UTC')
  AND ( (arrayExists(v0 -> arrayExists(v1 -> ifNull((nullIf(nullIf(toFloat64OrNull(arrayMap(n -> if(length(n) <= 64, extract(n, '^([+-]?[0-9]+(?:[.][0-9]+)?(?:[eE][+-]?[0-9]{1,3})?)$'), ''), [toString(v0)])[1]), inf), -inf) / nullIf(nullIf(nullIf(toFloat64OrNull(arrayMap(n -> if(length(n) <= 64, extract(n, '^([+-]?[0-9]+(?:[.][0-9]+)?(?:[eE][+-]?[0-9]{1,3})?)$'), ''), [toString(v1)])[1]), inf), -inf), 0)) >= {p6:Float64}, 0), if(empty(multiIf(fields[{p5:String}] != '', [fields[{p5:String}]], has(empties, {p5:String}), [''], lists[{p5:String}])), [NULL], arrayMap(x -> toNullable(toString(x)), arraySlice(multiIf(fields[{p5:String}] != '', [fields[{p5:String}]], has(empties, {p5:String}), [''], lists[{p5:String}]), 1, 100)))), if(empty(multiIf(fields[{p4:String}] != '', [fields[{p4:String}]], has(empties, {p4:String}), [''], lists[{p4:String}])), [NULL], arrayMap(x -> toNullable(toString(x)), arraySlice(multiIf(fields[{p4:String}] != '', [fields[{p4:String}]], has(empties, {p4:String}), [''], lists[{p4:String}]), 1, 100)))) AND NOT (arrayExists(v0 -> ifNull(v0 = replaceAll(lowerUTF8(if((user_name != '' OR has(empties, {p8:String})), toNullable(toString(user_name)), NULL)), 'ς', 'σ'), 0), if(empty(arrayMap(x -> toString(x), x509_alternative_names)), [NULL], arrayMap(x -> toNullable(toString(x)), arraySlice(arrayMap(x -> toString(x), x509_alternative_names), 1, 100)))))))
-- {"p1":"default","p2":1772582400000000,"p3":1772668800000000,"p4":"custom.a","p5":"custom.b","p6":1.5,"p7":"x509.alternative_names","p8":"user.name"}

-- count hour(@timestamp) < 6 OR weekday(@timestamp, "Europe/Berlin") IN (6, 7)
SELECT count() AS total
  FROM vigil.events
  WHERE tenant = {p1:String} AND ts >= fromUnixTimestamp64Micro({p2:Int64}, 'UTC') AND ts < fromUnixTimestamp64Micro({p3:Int64}, 'UTC')
  AND ( (ifNull(arrayMap(u -> toFloat64(toHour(fromUnixTimestamp64Micro(if(u >= {p4:Float64} AND u < {p5:Float64}, toInt64(floor(u)), NULL), 'UTC'), {p6:String})), [toFloat64(toUnixTimestamp64Micro(ts))])[1] < {p7:Float64}, 0) OR (ifNull(arrayMap(u -> toFloat64(toDayOfWeek(fromUnixTimestamp64Micro(if(u >= {p8:Float64} AND u < {p9:Float64}, toInt64(floor(u)), NULL), 'UTC'), 0, {p10:String})), [toFloat64(toUnixTimestamp64Micro(ts))])[1] = {p11:Float64}, 0) OR ifNull(arrayMap(u -> toFloat64(toDayOfWeek(fromUnixTimestamp64Micro(if(u >= {p12:Float64} AND u < {p13:Float64}, toInt64(floor(u)), NULL), 'UTC'), 0, {p10:String})), [toFloat64(toUnixTimestamp64Micro(ts))])[1] = {p14:Float64}, 0))))
-- {"p1":"default","p2":1772582400000000,"p3":1772668800000000,"p4":-2208988800000000,"p5":10382256000000000,"p6":"UTC","p7":6,"p8":-2208988800000000,"p9":10382256000000000,"p10":"Europe/Berlin","p11":6,"p12":-2208988800000000,"p13":10382256000000000,"p14":7}

-- count x509.not_after - @timestamp < 30d
SELECT count() AS total
  FROM vigil.events
  WHERE tenant = {p1:String} AND ts >= fromUnixTimestamp64Micro({p2:Int64}, 'UTC') AND ts < fromUnixTimestamp64Micro({p3:Int64}, 'UTC')
  AND ( ifNull(((toFloat64(toUnixTimestamp64Micro(x509_not_after)) - toFloat64(toUnixTimestamp64Micro(ts))) / 1000000) < {p4:Float64}, 0))
-- {"p1":"default","p2":1772582400000000,"p3":1772668800000000,"p4":2592000}

-- count len(process.command_line) > 1000 AND upper(trim(coalesce(user.name, custom.x))) != ROOT
SELECT count() AS total
  FROM vigil.events
  WHERE tenant = {p1:String} AND ts >= fromUnixTimestamp64Micro({p2:Int64}, 'UTC') AND ts < fromUnixTimestamp64Micro({p3:Int64}, 'UTC')
  AND ( (ifNull(toFloat64(lengthUTF8(if((process_command_line != '' OR has(empties, {p4:String})), toNullable(toString(process_command_line)), NULL))) > {p5:Float64}, 0) AND NOT (arrayExists(v1 -> ifNull(upperUTF8(replaceRegexpAll(coalesce(if((user_name != '' OR has(empties, {p6:String})), toNullable(toString(user_name)), NULL), v1), '^[ \\t\\n\\v\\f\\r]+|[ \\t\\n\\v\\f\\r]+$', '')) = {p8:String}, 0), if(empty(multiIf(fields[{p7:String}] != '', [fields[{p7:String}]], has(empties, {p7:String}), [''], lists[{p7:String}])), [NULL], arrayMap(x -> toNullable(toString(x)), arraySlice(multiIf(fields[{p7:String}] != '', [fields[{p7:String}]], has(empties, {p7:String}), [''], lists[{p7:String}]), 1, 100)))))))
-- {"p1":"default","p2":1772582400000000,"p3":1772668800000000,"p4":"process.command_line","p5":1000,"p6":"user.name","p7":"custom.x","p8":"ROOT"}

-- count user.name == field(user.target.name)
SELECT count() AS total
  FROM vigil.events
  WHERE tenant = {p1:String} AND ts >= fromUnixTimestamp64Micro({p2:Int64}, 'UTC') AND ts < fromUnixTimestamp64Micro({p3:Int64}, 'UTC')
  AND ( arrayExists(a -> arrayExists(b -> a = b, if(user_target_name != '' OR has(empties, {p4:String}), [toString(user_target_name)], emptyArrayString())), if(user_name != '' OR has(empties, {p5:String}), [toString(user_name)], emptyArrayString())))
-- {"p1":"default","p2":1772582400000000,"p3":1772668800000000,"p4":"user.target.name","p5":"user.name"}

-- count event.type == "certificate_issued" AND event.domain IN monitored AND event.issuer NOT IN issuers
SELECT count() AS total
  FROM vigil.events
  WHERE tenant = {p1:String} AND ts >= fromUnixTimestamp64Micro({p2:Int64}, 'UTC') AND ts < fromUnixTimestamp64Micro({p3:Int64}, 'UTC')
  AND ( ((arrayExists(x -> x = {p4:String}, event_type) OR event_action = {p4:String})
  AND ( (has({p5:Array(String)}, replaceRegexpOne(lowerUTF8(x509_subject_common_name), '[.]$', '')) OR arrayExists(m -> endsWith(replaceRegexpOne(lowerUTF8(x509_subject_common_name), '[.]$', ''), concat('.', m)), {p5:Array(String)}) OR (startsWith(replaceRegexpOne(lowerUTF8(x509_subject_common_name), '[.]$', ''), '*.') AND has({p6:Array(String)}, substring(replaceRegexpOne(lowerUTF8(x509_subject_common_name), '[.]$', ''), 3)))) OR arrayExists(x -> (has({p7:Array(String)}, replaceRegexpOne(lowerUTF8(x), '[.]$', '')) OR arrayExists(m -> endsWith(replaceRegexpOne(lowerUTF8(x), '[.]$', ''), concat('.', m)), {p7:Array(String)}) OR (startsWith(replaceRegexpOne(lowerUTF8(x), '[.]$', ''), '*.') AND has({p8:Array(String)}, substring(replaceRegexpOne(lowerUTF8(x), '[.]$', ''), 3)))), x509_alternative_names)) AND NOT ((arrayExists(f -> has({p9:Array(String)}, replaceRegexpAll(replaceRegexpAll(f, {p13:String}, {p14:String}), {p15:String}, {p16:String})) OR has({p11:Array(String)}, replaceRegexpAll(f, {p29:String}, {p16:String})) OR arrayExists(d -> has({p10:Array(String)}, arrayStringConcat(d, '\n')) OR arrayExists(a -> startsWith(a, 'cn=') AND has({p9:Array(String)}, substring(a, 4)), d), [if(position(f, '=') > 0, arraySort(arrayFilter(a -> a != '', arrayMap(a -> replaceRegexpAll(replaceRegexpAll(replaceRegexpAll(replaceRegexpAll(replaceRegexpAll(replaceRegexpAll(replaceRegexpAll(replaceRegexpAll(a, {p13:String}, {p14:String}), {p15:String}, {p16:String}), {p17:String}, {p18:String}), {p19:String}, {p20:String}), {p21:String}, {p22:String}), {p23:String}, {p24:String}), {p25:String}, {p26:String}), {p27:String}, {p28:String}), if(startsWith(f, '/'), splitByChar('/', f), extractAll(f, {p12:String}))))), [])]), [replaceAll(lowerUTF8(toString(x509_issuer_common_name)), 'ς', 'σ')]) OR arrayExists(f -> has({p30:Array(String)}, replaceRegexpAll(replaceRegexpAll(f, {p13:String}, {p14:String}), {p15:String}, {p16:String})) OR has({p32:Array(String)}, replaceRegexpAll(f, {p29:String}, {p16:String})) OR arrayExists(d -> has({p31:Array(String)}, arrayStringConcat(d, '\n')) OR arrayExists(a -> startsWith(a, 'cn=') AND has({p30:Array(String)}, substring(a, 4)), d), [if(position(f, '=') > 0, arraySort(arrayFilter(a -> a != '', arrayMap(a -> replaceRegexpAll(replaceRegexpAll(replaceRegexpAll(replaceRegexpAll(replaceRegexpAll(replaceRegexpAll(replaceRegexpAll(replaceRegexpAll(a, {p13:String}, {p14:String}), {p15:String}, {p16:String}), {p17:String}, {p18:String}), {p19:String}, {p20:String}), {p21:String}, {p22:String}), {p23:String}, {p24:String}), {p25:String}, {p26:String}), {p27:String}, {p28:String}), if(startsWith(f, '/'), splitByChar('/', f), extractAll(f, {p12:String}))))), [])]), [replaceAll(lowerUTF8(toString(x509_issuer_distinguished_name)), 'ς', 'σ')]) OR (arrayExists(f -> has({p33:Array(String)}, replaceRegexpAll(replaceRegexpAll(f, {p13:String}, {p14:String}), {p15:String}, {p16:String})) OR has({p35:Array(String)}, replaceRegexpAll(f, {p29:String}, {p16:String})) OR arrayExists(d -> has({p34:Array(String)}, arrayStringConcat(d, '\n')) OR arrayExists(a -> startsWith(a, 'cn=') AND has({p33:Array(String)}, substring(a, 4)), d), [if(position(f, '=') > 0, arraySort(arrayFilter(a -> a != '', arrayMap(a -> replaceRegexpAll(replaceRegexpAll(replaceRegexpAll(replaceRegexpAll(replaceRegexpAll(replaceRegexpAll(replaceRegexpAll(replaceRegexpAll(a, {p13:String}, {p14:String}), {p15:String}, {p16:String}), {p17:String}, {p18:String}), {p19:String}, {p20:String}), {p21:String}, {p22:String}), {p23:String}, {p24:String}), {p25:String}, {p26:String}), {p27:String}, {p28:String}), if(startsWith(f, '/'), splitByChar('/', f), extractAll(f, {p12:String}))))), [])]), [replaceAll(lowerUTF8(toString(fields[{p36:String}])), 'ς', 'σ')]) OR arrayExists(x -> arrayExists(f -> has({p33:Array(String)}, replaceRegexpAll(replaceRegexpAll(f, {p13:String}, {p14:String}), {p15:String}, {p16:String})) OR has({p35:Array(String)}, replaceRegexpAll(f, {p29:String}, {p16:String})) OR arrayExists(d -> has({p34:Array(String)}, arrayStringConcat(d, '\n')) OR arrayExists(a -> startsWith(a, 'cn=') AND has({p33:Array(String)}, substring(a, 4)), d), [if(position(f, '=') > 0, arraySort(arrayFilter(a -> a != '', arrayMap(a -> replaceRegexpAll(replaceRegexpAll(replaceRegexpAll(replaceRegexpAll(replaceRegexpAll(replaceRegexpAll(replaceRegexpAll(replaceRegexpAll(a, {p13:String}, {p14:String}), {p15:String}, {p16:String}), {p17:String}, {p18:String}), {p19:String}, {p20:String}), {p21:String}, {p22:String}), {p23:String}, {p24:String}), {p25:String}, {p26:String}), {p27:String}, {p28:String}), if(startsWith(f, '/'), splitByChar('/', f), extractAll(f, {p12:String}))))), [])]), [replaceAll(lowerUTF8(toString(x)), 'ς', 'σ')]), lists[{p36:String}])) OR (arrayExists(f -> has({p37:Array(String)}, replaceRegexpAll(replaceRegexpAll(f, {p13:String}, {p14:String}), {p15:String}, {p16:String})) OR has({p39:Array(String)}, replaceRegexpAll(f, {p29:String}, {p16:String})) OR arrayExists(d -> has({p38:Array(String)}, arrayStringConcat(d, '\n')) OR arrayExists(a -> startsWith(a, 'cn=') AND has({p37:Array(String)}, substring(a, 4)), d), [if(position(f, '=') > 0, arraySort(arrayFilter(a -> a != '', arrayMap(a -> replaceRegexpAll(replaceRegexpAll(replaceRegexpAll(replaceRegexpAll(replaceRegexpAll(replaceRegexpAll(replaceRegexpAll(replaceRegexpAll(a, {p13:String}, {p14:String}), {p15:String}, {p16:String}), {p17:String}, {p18:String}), {p19:String}, {p20:String}), {p21:String}, {p22:String}), {p23:String}, {p24:String}), {p25:String}, {p26:String}), {p27:String}, {p28:String}), if(startsWith(f, '/'), splitByChar('/', f), extractAll(f, {p12:String}))))), [])]), [replaceAll(lowerUTF8(toString(fields[{p40:String}])), 'ς', 'σ')]) OR arrayExists(x -> arrayExists(f -> has({p37:Array(String)}, replaceRegexpAll(replaceRegexpAll(f, {p13:String}, {p14:String}), {p15:String}, {p16:String})) OR has({p39:Array(String)}, replaceRegexpAll(f, {p29:String}, {p16:String})) OR arrayExists(d -> has({p38:Array(String)}, arrayStringConcat(d, '\n')) OR arrayExists(a -> startsWith(a, 'cn=') AND has({p37:Array(String)}, substring(a, 4)), d), [if(position(f, '=') > 0, arraySort(arrayFilter(a -> a != '', arrayMap(a -> replaceRegexpAll(replaceRegexpAll(replaceRegexpAll(replaceRegexpAll(replaceRegexpAll(replaceRegexpAll(replaceRegexpAll(replaceRegexpAll(a, {p13:String}, {p14:String}), {p15:String}, {p16:String}), {p17:String}, {p18:String}), {p19:String}, {p20:String}), {p21:String}, {p22:String}), {p23:String}, {p24:String}), {p25:String}, {p26:String}), {p27:String}, {p28:String}), if(startsWith(f, '/'), splitByChar('/', f), extractAll(f, {p12:String}))))), [])]), [replaceAll(lowerUTF8(toString(x)), 'ς', 'σ')]), lists[{p40:String}]))))))
-- {"p1":"default","p2":1772582400000000,"p3":1772668800000000,"p4":"certificate_issued","p5":["example.com"],"p6":["com"],"p7":["example.com"],"p8":["com"],"p9":["example ca"],"p10":["cn=other ca\no=other"],"p11":[],"p12":"(?:[^,;\"\\\\]|\\\\[\\s\\S]|\"(?:[^\"\\\\]|\\\\[\\s\\S])*\")+","p13":"[ \\t\\n\\v\\f\\r]+","p14":" ","p15":"^ | $","p16":"","p17":"^(?:oid[.])?([a-z0-9.-]+) ?= ?","p18":"\\1=","p19":"^([a-z0-9.-]+)=\"([\\s\\S]*)\"$","p20":"\\1=\\2","p21":"\\\\([\\s\\S])","p22":"\\1","p23":"^2[.]5[.]4[.]3=","p24":"cn=","p25":"^(?:s|2[.]5[.]4[.]8)=","p26":"st=","p27":"^(?:e|email|1[.]2[.]840[.]113549[.]1[.]9[.]1)=","p28":"emailaddress=","p29":"^keyid:|[: \\t\\n\\r-]","p30":["example ca"],"p31":["cn=other ca\no=other"],"p32":[],"p33":["example ca"],"p34":["cn=other ca\no=other"],"p35":[],"p36":"x509.authority_key_id","p37":["example ca"],"p38":["cn=other ca\no=other"],"p39":[],"p40":"certificate.authority"}

-- count event_type == auth_failure
SELECT count() AS total
  FROM vigil.events
  WHERE tenant = {p1:String} AND ts >= fromUnixTimestamp64Micro({p2:Int64}, 'UTC') AND ts < fromUnixTimestamp64Micro({p3:Int64}, 'UTC')
  AND ( ((event_action = {p4:String} OR arrayExists(x -> x = {p4:String}, event_type)) OR (arrayExists(x -> x = {p5:String}, event_category) AND event_outcome = {p6:String})))
-- {"p1":"default","p2":1772582400000000,"p3":1772668800000000,"p4":"auth_failure","p5":"authentication","p6":"failure"}

-- count certificate.days_to_expiry < 7 exists(certificate.identity)
SELECT count() AS total
  FROM vigil.events
  WHERE tenant = {p1:String} AND ts >= fromUnixTimestamp64Micro({p2:Int64}, 'UTC') AND ts < fromUnixTimestamp64Micro({p3:Int64}, 'UTC')
  AND ( (arrayExists(c -> (match(c, '^[+-]?[0-9]+([.][0-9]+)?([eE][+-]?[0-9]{1,3})?$') AND length(c) <= 64 AND isFinite(toFloat64OrZero(toString(c))) AND toFloat64OrZero(toString(c)) < {p4:Int64}), if((fields[{p6:String}] != '' OR mapContains(lists, {p6:String}) OR has(empties, {p6:String}) OR has(nulls, {p6:String})), multiIf(fields[{p6:String}] != '', [fields[{p6:String}]], has(empties, {p6:String}), [''], lists[{p6:String}]), arrayMap(c -> assumeNotNull(c), arrayFilter(c -> isNotNull(c), [multiIf(isNotNull(x509_not_after), toNullable(toString(toInt64(floor((toUnixTimestamp64Micro(assumeNotNull(x509_not_after)) - toUnixTimestamp64Micro(ts)) / 86400000000)))), match(fields[{p5:String}], '^-?[0-9]{1,6}$'), toString(toInt64OrNull(toString(fields[{p5:String}]))), NULL)]))))
  AND ( (fields[{p8:String}] != '' OR mapContains(lists, {p8:String}) OR has(empties, {p8:String}) OR has(nulls, {p8:String})) OR isNotNull(multiIf(fields[{p7:String}] != '', toNullable(toString(fields[{p7:String}])), x509_serial_number != '', concat(toString(if(x509_issuer_distinguished_name != '', x509_issuer_distinguished_name, x509_issuer_common_name)), '/', toString(x509_serial_number)), NULL)))))
-- {"p1":"default","p2":1772582400000000,"p3":1772668800000000,"p4":7,"p5":"certificate.days_left","p6":"certificate.days_to_expiry","p7":"certificate.fingerprint.sha256","p8":"certificate.identity"}

-- candidates user.name:root count(auth_failure by user in 1 hour) > 10 * baseline (over-approximates)
SELECT ord
  FROM vigil.events
  WHERE tenant = {p1:String} AND ts >= fromUnixTimestamp64Micro({p2:Int64}, 'UTC') AND ts < fromUnixTimestamp64Micro({p3:Int64}, 'UTC')
  AND ( (lowerUTF8(user_name) = {p4:String} AND 1))
-- {"p1":"default","p2":1772582400000000,"p3":1772668800000000,"p4":"root"}

-- candidates user.name:root NOT exists(renewal_event for certificate in last 30 days) (over-approximates)
SELECT ord
  FROM vigil.events
  WHERE tenant = {p1:String} AND ts >= fromUnixTimestamp64Micro({p2:Int64}, 'UTC') AND ts < fromUnixTimestamp64Micro({p3:Int64}, 'UTC')
  AND ( (lowerUTF8(user_name) = {p4:String} AND NOT (0)))
-- {"p1":"default","p2":1772582400000000,"p3":1772668800000000,"p4":"root"}

-- | stats count() by user.name
SELECT c1x0 AS c2x0, c1x1 AS c2x1
  FROM (SELECT if(user_name = '' AND NOT has(empties, {p4:String}), NULL, toString(user_name)) AS c1x0, count() AS c1x1
  FROM vigil.events
  WHERE tenant = {p1:String} AND ts >= fromUnixTimestamp64Micro({p2:Int64}, 'UTC') AND ts < fromUnixTimestamp64Micro({p3:Int64}, 'UTC')
  GROUP BY c1x0)
  ORDER BY c1x1 DESC NULLS LAST, c1x0 ASC NULLS LAST LIMIT 1000
-- {"p1":"default","p2":1772582400000000,"p3":1772668800000000,"p4":"user.name"}

-- failed | stats count() as n, dc(source.ip), sum(source.bytes) by user.name, custom.x | sort -n, user.name | head 10
SELECT c1x0 AS c2x0, c1x1 AS c2x1, c1x2 AS c2x2, c1x3 AS c2x3, c1x4 AS c2x4
  FROM (SELECT if(user_name = '' AND NOT has(empties, {p6:String}), NULL, toString(user_name)) AS c1x0, arrayJoin(if(empty(multiIf(fields[{p7:String}] != '', [fields[{p7:String}]], has(empties, {p7:String}), [''], lists[{p7:String}])), [NULL], arrayMap(x -> toNullable(toString(x)), multiIf(fields[{p7:String}] != '', [fields[{p7:String}]], has(empties, {p7:String}), [''], lists[{p7:String}])))) AS c1x1, count() AS c1x2, length(groupUniqArrayArray(if(isNull(source_ip), emptyArrayString(), [multiIf(startsWith(toString(assumeNotNull(source_ip)), '::ffff:') AND position(toString(assumeNotNull(source_ip)), '.') > 0, substring(toString(assumeNotNull(source_ip)), 8), position(toString(assumeNotNull(source_ip)), '.') > 0, concat('::', if(toUInt32(assumeNotNull(toIPv4OrNull(substring(toString(assumeNotNull(source_ip)), 3)))) < 65536, '', concat(replaceRegexpOne(lower(hex(toUInt16(intDiv(toUInt32(assumeNotNull(toIPv4OrNull(substring(toString(assumeNotNull(source_ip)), 3)))), 65536)))), '^0+(.)', '\\1'), ':')), replaceRegexpOne(lower(hex(toUInt16(toUInt32(assumeNotNull(toIPv4OrNull(substring(toString(assumeNotNull(source_ip)), 3)))) % 65536))), '^0+(.)', '\\1')), toString(assumeNotNull(source_ip)))]))) AS c1x3, sum(toNullable(source_bytes)) AS c1x4
  FROM vigil.events
  WHERE tenant = {p1:String} AND ts >= fromUnixTimestamp64Micro({p2:Int64}, 'UTC') AND ts < fromUnixTimestamp64Micro({p3:Int64}, 'UTC')
  AND ( hasAllTokens(raw, {p5:Array(String)}))
  GROUP BY c1x0, c1x1)
  ORDER BY c1x2 DESC NULLS LAST, c1x0 ASC NULLS LAST, c1x1 ASC NULLS LAST, c1x3 ASC NULLS LAST, c1x4 ASC NULLS LAST LIMIT 10
-- {"p1":"default","p2":1772582400000000,"p3":1772668800000000,"p4":"failed","p5":["failed"],"p6":"user.name","p7":"custom.x","p8":"source.ip"}

-- | stats min(@timestamp), avg(custom.x) by event.category
SELECT c1x0 AS c2x0, formatDateTime(c1x1, '%Y-%m-%dT%H:%i:%S.%fZ') AS c2x1, c1x2 AS c2x2
  FROM (SELECT arrayJoin(if(empty(arrayMap(x -> toString(x), event_category)), [NULL], arrayMap(x -> toNullable(toString(x)), arrayMap(x -> toString(x), event_category)))) AS c1x0, min(toNullable(ts)) AS c1x1, sum(if(empty(arrayMap(x -> toFloat64OrZero(x), arrayFilter(x -> match(x, '^[+-]?[0-9]+([.][0-9]+)?([eE][+-]?[0-9]{1,3})?$') AND length(x) <= 64, multiIf(fields[{p5:String}] != '', [fields[{p5:String}]], has(empties, {p5:String}), [''], lists[{p5:String}])))), NULL, arraySum(arrayMap(x -> toFloat64OrZero(x), arrayFilter(x -> match(x, '^[+-]?[0-9]+([.][0-9]+)?([eE][+-]?[0-9]{1,3})?$') AND length(x) <= 64, multiIf(fields[{p5:String}] != '', [fields[{p5:String}]], has(empties, {p5:String}), [''], lists[{p5:String}])))))) / sum(length(arrayMap(x -> toFloat64OrZero(x), arrayFilter(x -> match(x, '^[+-]?[0-9]+([.][0-9]+)?([eE][+-]?[0-9]{1,3})?$') AND length(x) <= 64, multiIf(fields[{p5:String}] != '', [fields[{p5:String}]], has(empties, {p5:String}), [''], lists[{p5:String}]))))) AS c1x2
  FROM vigil.events
  WHERE tenant = {p1:String} AND ts >= fromUnixTimestamp64Micro({p2:Int64}, 'UTC') AND ts < fromUnixTimestamp64Micro({p3:Int64}, 'UTC')
  GROUP BY c1x0)
  ORDER BY c1x1 DESC NULLS LAST, c1x0 ASC NULLS LAST, c1x2 ASC NULLS LAST LIMIT 1000
-- {"p1":"default","p2":1772582400000000,"p3":1772668800000000,"p4":"event.category","p5":"custom.x"}

-- | sort -source.bytes | head 5
SELECT formatDateTime(ts, '%Y-%m-%dT%H:%i:%S.%fZ') AS c2x0, if(host_name = '' AND NOT has(empties, {p4:String}), NULL, toString(host_name)) AS c2x1, toString(source) AS c2x2, if(message = '' AND NOT has(empties, {p5:String}), NULL, toString(message)) AS c2x3, source_bytes AS c2x4
  FROM (SELECT *, source_bytes AS c1x0
  FROM vigil.events
  WHERE tenant = {p1:String} AND ts >= fromUnixTimestamp64Micro({p2:Int64}, 'UTC') AND ts < fromUnixTimestamp64Micro({p3:Int64}, 'UTC'))
  ORDER BY c1x0 DESC NULLS LAST, ts DESC, batch DESC, ord DESC, node DESC LIMIT 5
-- {"p1":"default","p2":1772582400000000,"p3":1772668800000000,"p4":"host.name","p5":"message"}

-- | head 100 | stats count() as n by host.name | stats max(n)
SELECT c2x0 AS c3x0
  FROM (SELECT max(toNullable(c1x1)) AS c2x0
  FROM (SELECT if(host_name = '' AND NOT has(empties, {p4:String}), NULL, toString(host_name)) AS c1x0, count() AS c1x1
  FROM (SELECT *
  FROM vigil.events
  WHERE tenant = {p1:String} AND ts >= fromUnixTimestamp64Micro({p2:Int64}, 'UTC') AND ts < fromUnixTimestamp64Micro({p3:Int64}, 'UTC')
  ORDER BY ts DESC, batch DESC, ord DESC, node DESC LIMIT 100)
  GROUP BY c1x0))
  ORDER BY c2x0 DESC NULLS LAST LIMIT 1000
-- {"p1":"default","p2":1772582400000000,"p3":1772668800000000,"p4":"host.name"}

-- | where source.port > 1024 and (user.name != "root" or isnull(user.name))
SELECT formatDateTime(ts, '%Y-%m-%dT%H:%i:%S.%fZ') AS c1x0, if(host_name = '' AND NOT has(empties, {p7:String}), NULL, toString(host_name)) AS c1x1, toString(source) AS c1x2, if(message = '' AND NOT has(empties, {p8:String}), NULL, toString(message)) AS c1x3
  FROM (SELECT *
  FROM (SELECT *
  FROM vigil.events
  WHERE tenant = {p1:String} AND ts >= fromUnixTimestamp64Micro({p2:Int64}, 'UTC') AND ts < fromUnixTimestamp64Micro({p3:Int64}, 'UTC'))
  WHERE (ifNull(toFloat64(source_port) > {p4:Float64}, 0)
  AND ( NOT ifNull(if(user_name = '' AND NOT has(empties, {p5:String}), NULL, toString(user_name)) = {p6:String}, 0) OR isNull(if(user_name = '' AND NOT has(empties, {p5:String}), NULL, toString(user_name))))))
  ORDER BY ts DESC, batch DESC, ord DESC, node DESC LIMIT 1000
-- {"p1":"default","p2":1772582400000000,"p3":1772668800000000,"p4":1024,"p5":"user.name","p6":"root","p7":"host.name","p8":"message"}

-- | where host.name in ("a", "b") and match(message, "^x") and @timestamp > now() - 1h
SELECT formatDateTime(ts, '%Y-%m-%dT%H:%i:%S.%fZ') AS c1x0, if(host_name = '' AND NOT has(empties, {p4:String}), NULL, toString(host_name)) AS c1x1, toString(source) AS c1x2, if(message = '' AND NOT has(empties, {p8:String}), NULL, toString(message)) AS c1x3
  FROM (SELECT *
  FROM (SELECT *
  FROM vigil.events
  WHERE tenant = {p1:String} AND ts >= fromUnixTimestamp64Micro({p2:Int64}, 'UTC') AND ts < fromUnixTimestamp64Micro({p3:Int64}, 'UTC'))
  WHERE ((arrayExists(x -> ifNull(x = {p5:String}, 0) OR ifNull(x = {p6:String}, 0), [if(host_name = '' AND NOT has(empties, {p4:String}), NULL, toString(host_name))]) AND ifNull(match(if(message = '' AND NOT has(empties, {p8:String}), NULL, toString(message)), {p7:String}), 0)) AND ifNull(ts > fromUnixTimestamp64Micro((toUnixTimestamp64Micro(fromUnixTimestamp64Micro({p9:Int64}, 'UTC')) - accurateCastOrNull(round({p10:Float64} * 1000000), 'Int64')), 'UTC'), 0)))
  ORDER BY ts DESC, batch DESC, ord DESC, node DESC LIMIT 1000
-- {"p1":"default","p2":1772582400000000,"p3":1772668800000000,"p4":"host.name","p5":"a","p6":"b","p7":"(?-s)^x","p8":"message","p9":1772668800000000,"p10":3600}

-- | eval mb = round(source.bytes / 1e6, 2), big = mb > 100, who = lower(coalesce(user.name, custom.x, "nobody"))
SELECT formatDateTime(ts, '%Y-%m-%dT%H:%i:%S.%fZ') AS c4x0, if(host_name = '' AND NOT has(empties, {p10:String}), NULL, toString(host_name)) AS c4x1, toString(source) AS c4x2, if(message = '' AND NOT has(empties, {p11:String}), NULL, toString(message)) AS c4x3, c1x0 AS c4x4, if(c2x0, 'true', 'false') AS c4x5, c3x0 AS c4x6
  FROM (SELECT *, lowerUTF8(coalesce(if(user_name = '' AND NOT has(empties, {p7:String}), NULL, toString(user_name)), if(empty(multiIf(fields[{p8:String}] != '', [fields[{p8:String}]], has(empties, {p8:String}), [''], lists[{p8:String}])), NULL, arrayStringConcat(multiIf(fields[{p8:String}] != '', [fields[{p8:String}]], has(empties, {p8:String}), [''], lists[{p8:String}]), ', ')), {p9:String})) AS c3x0
  FROM (SELECT *, ifNull(toFloat64(c1x0) > {p6:Float64}, 0) AS c2x0
  FROM (SELECT *, (floor((toFloat64(source_bytes) / nullIf({p4:Float64}, 0)) * {p5:Float64} + 0.5) / {p5:Float64}) AS c1x0
  FROM vigil.events
  WHERE tenant = {p1:String} AND ts >= fromUnixTimestamp64Micro({p2:Int64}, 'UTC') AND ts < fromUnixTimestamp64Micro({p3:Int64}, 'UTC'))))
  ORDER BY ts DESC, batch DESC, ord DESC, node DESC LIMIT 1000
-- {"p1":"default","p2":1772582400000000,"p3":1772668800000000,"p4":1000000,"p5":100,"p6":100,"p7":"user.name","p8":"custom.x","p9":"nobody","p10":"host.name","p11":"message"}

-- | stats count() as n, median(source.bytes), p95(custom.x), stdev(source.port), values(user.name), first(user.name), last(event.category) by bin(@timestamp, 5m), host.name
SELECT formatDateTime(c1x0, '%Y-%m-%dT%H:%i:%S.%fZ') AS c2x0, c1x1 AS c2x1, c1x2 AS c2x2, c1x3 AS c2x3, c1x4 AS c2x4, c1x5 AS c2x5, c1x6 AS c2x6, c1x7 AS c2x7, c1x8 AS c2x8
  FROM (SELECT fromUnixTimestamp64Micro(intDiv(toUnixTimestamp64Micro(ts) + {p4:Int64}, {p5:Int64}) * {p5:Int64} - {p4:Int64}, 'UTC') AS c1x0, if(host_name = '' AND NOT has(empties, {p6:String}), NULL, toString(host_name)) AS c1x1, count() AS c1x2, quantileExactInclusive(0.5)(toNullable(source_bytes)) AS c1x3, if(sum(length(arrayMap(x -> toFloat64OrZero(x), arrayFilter(x -> match(x, '^[+-]?[0-9]+([.][0-9]+)?([eE][+-]?[0-9]{1,3})?$') AND length(x) <= 64, multiIf(fields[{p7:String}] != '', [fields[{p7:String}]], has(empties, {p7:String}), [''], lists[{p7:String}]))))) = 0, NULL, quantileExactInclusiveArray(0.95)(arrayMap(x -> toFloat64OrZero(x), arrayFilter(x -> match(x, '^[+-]?[0-9]+([.][0-9]+)?([eE][+-]?[0-9]{1,3})?$') AND length(x) <= 64, multiIf(fields[{p7:String}] != '', [fields[{p7:String}]], has(empties, {p7:String}), [''], lists[{p7:String}]))))) AS c1x4, stddevSamp(toNullable(source_port)) AS c1x5, nullIf(arrayStringConcat(arraySort(groupUniqArrayArray(100)(arrayMap(x -> substringUTF8(toString(x), 1, 500), if(user_name != '' OR has(empties, {p8:String}), [toString(user_name)], emptyArrayString())))), ', '), '') AS c1x6, argMin(toNullable(if(user_name = '' AND NOT has(empties, {p8:String}), NULL, toString(user_name))), (ts, batch, ord, node)) AS c1x7, argMax(toNullable(if(empty(arrayMap(x -> toString(x), event_category)), NULL, arrayStringConcat(arrayMap(x -> toString(x), event_category), ', '))), (ts, batch, ord, node)) AS c1x8
  FROM vigil.events
  WHERE tenant = {p1:String} AND ts >= fromUnixTimestamp64Micro({p2:Int64}, 'UTC') AND ts < fromUnixTimestamp64Micro({p3:Int64}, 'UTC')
  GROUP BY c1x0, c1x1)
  ORDER BY c1x2 DESC NULLS LAST, c1x0 ASC NULLS LAST, c1x1 ASC NULLS LAST, c1x3 ASC NULLS LAST, c1x4 ASC NULLS LAST, c1x5 ASC NULLS LAST, c1x6 ASC NULLS LAST, c1x7 ASC NULLS LAST, c1x8 ASC NULLS LAST LIMIT 1000
-- {"p1":"default","p2":1772582400000000,"p3":1772668800000000,"p4":3000000000000000,"p5":300000000,"p6":"host.name","p7":"custom.x","p8":"user.name","p9":"event.category"}

-- | stats count() by bin(source.bytes, 1000), bin(@timestamp, 1w) as week | where `count` > 5 and week < "2026-03-05"
SELECT c1x0 AS c2x0, formatDateTime(c1x1, '%Y-%m-%dT%H:%i:%S.%fZ') AS c2x1, c1x2 AS c2x2
  FROM (SELECT *
  FROM (SELECT floor(source_bytes / {p4:Float64}) * {p4:Float64} AS c1x0, fromUnixTimestamp64Micro(intDiv(toUnixTimestamp64Micro(ts) + {p5:Int64}, {p6:Int64}) * {p6:Int64} - {p5:Int64}, 'UTC') AS c1x1, count() AS c1x2
  FROM vigil.events
  WHERE tenant = {p1:String} AND ts >= fromUnixTimestamp64Micro({p2:Int64}, 'UTC') AND ts < fromUnixTimestamp64Micro({p3:Int64}, 'UTC')
  GROUP BY c1x0, c1x1)
  WHERE (ifNull(toFloat64(c1x2) > {p7:Float64}, 0) AND ifNull(c1x1 < fromUnixTimestamp64Micro({p9:Int64}, 'UTC'), 0)))
  ORDER BY c1x2 DESC NULLS LAST, c1x0 ASC NULLS LAST, c1x1 ASC NULLS LAST LIMIT 1000
-- {"p1":"default","p2":1772582400000000,"p3":1772668800000000,"p4":1000,"p5":3000067200000000,"p6":604800000000,"p7":5,"p8":"2026-03-05","p9":1772668800000000}

-- failed | timechart span=5m count() as n, avg(source.bytes)
SELECT formatDateTime(c1x0, '%Y-%m-%dT%H:%i:%S.%fZ') AS c2x0, c1x1 AS c2x1, c1x2 AS c2x2
  FROM (SELECT fromUnixTimestamp64Micro(intDiv(toUnixTimestamp64Micro(ts) + {p6:Int64}, {p7:Int64}) * {p7:Int64} - {p6:Int64}, 'UTC') AS c1x0, count() AS c1x1, avg(toNullable(source_bytes)) AS c1x2
  FROM vigil.events
  WHERE tenant = {p1:String} AND ts >= fromUnixTimestamp64Micro({p2:Int64}, 'UTC') AND ts < fromUnixTimestamp64Micro({p3:Int64}, 'UTC')
  AND ( hasAllTokens(raw, {p5:Array(String)}))
  GROUP BY c1x0)
  ORDER BY c1x0 ASC NULLS LAST, c1x1 ASC NULLS LAST, c1x2 ASC NULLS LAST LIMIT 10000
-- {"p1":"default","p2":1772582400000000,"p3":1772668800000000,"p4":"failed","p5":["failed"],"p6":3000000000000000,"p7":300000000}

-- | timechart limit=3 count() by event.category
SELECT formatDateTime(c2x0, '%Y-%m-%dT%H:%i:%S.%fZ') AS c3x0, c2x1 AS c3x1, c2x2 AS c3x2
  FROM (SELECT fromUnixTimestamp64Micro(intDiv(toUnixTimestamp64Micro(ts) + {p4:Int64}, {p5:Int64}) * {p5:Int64} - {p4:Int64}, 'UTC') AS c2x0, if(isNull(c1x0) OR ifNull(c1x0 IN (SELECT c1x0
  FROM (SELECT *, toString(arrayJoin(if(empty(arrayMap(x -> toString(x), event_category)), [NULL], arrayMap(x -> toNullable(toString(x)), arrayMap(x -> toString(x), event_category))))) AS c1x0
  FROM vigil.events
  WHERE tenant = {p1:String} AND ts >= fromUnixTimestamp64Micro({p2:Int64}, 'UTC') AND ts < fromUnixTimestamp64Micro({p3:Int64}, 'UTC'))
  WHERE isNotNull(c1x0)
  GROUP BY c1x0
  ORDER BY count() DESC, c1x0 ASC LIMIT 3), 0), c1x0, '(other)') AS c2x1, count() AS c2x2
  FROM (SELECT *, toString(arrayJoin(if(empty(arrayMap(x -> toString(x), event_category)), [NULL], arrayMap(x -> toNullable(toString(x)), arrayMap(x -> toString(x), event_category))))) AS c1x0
  FROM vigil.events
  WHERE tenant = {p1:String} AND ts >= fromUnixTimestamp64Micro({p2:Int64}, 'UTC') AND ts < fromUnixTimestamp64Micro({p3:Int64}, 'UTC'))
  GROUP BY c2x0, c2x1)
  ORDER BY c2x0 ASC NULLS LAST, c2x1 ASC NULLS LAST, c2x2 ASC NULLS LAST LIMIT 10000
-- {"p1":"default","p2":1772582400000000,"p3":1772668800000000,"p4":3000000600000000,"p5":900000000,"p6":"event.category"}

-- | top 5 user.name
SELECT c1x0 AS c3x0, c1x1 AS c3x1, c2x0 AS c3x2
  FROM (SELECT *, floor(10000 * c1x1 / sum(c1x1) OVER () + 0.5) / 100 AS c2x0
  FROM (SELECT *
  FROM (SELECT if(user_name = '' AND NOT has(empties, {p4:String}), NULL, toString(user_name)) AS c1x0, count() AS c1x1
  FROM vigil.events
  WHERE tenant = {p1:String} AND ts >= fromUnixTimestamp64Micro({p2:Int64}, 'UTC') AND ts < fromUnixTimestamp64Micro({p3:Int64}, 'UTC')
  GROUP BY c1x0)
  WHERE isNotNull(c1x0)))
  ORDER BY c1x1 DESC NULLS LAST, c1x0 ASC NULLS LAST, c2x0 ASC NULLS LAST LIMIT 5
-- {"p1":"default","p2":1772582400000000,"p3":1772668800000000,"p4":"user.name"}

-- failed | where source.ip in (search user.name:root | top 3 source.ip) and user.name not in (search "x" | fields user.name)
SELECT formatDateTime(ts, '%Y-%m-%dT%H:%i:%S.%fZ') AS c1x0, if(host_name = '' AND NOT has(empties, {p14:String}), NULL, toString(host_name)) AS c1x1, toString(source) AS c1x2, if(message = '' AND NOT has(empties, {p15:String}), NULL, toString(message)) AS c1x3
  FROM (SELECT *
  FROM (SELECT *
  FROM vigil.events
  WHERE tenant = {p1:String} AND ts >= fromUnixTimestamp64Micro({p2:Int64}, 'UTC') AND ts < fromUnixTimestamp64Micro({p3:Int64}, 'UTC')
  AND ( hasAllTokens(raw, {p5:Array(String)})))
  WHERE (ifNull(toString(if(isNull(source_ip), NULL, multiIf(startsWith(toString(assumeNotNull(source_ip)), '::ffff:') AND position(toString(assumeNotNull(source_ip)), '.') > 0, substring(toString(assumeNotNull(source_ip)), 8), position(toString(assumeNotNull(source_ip)), '.') > 0, concat('::', if(toUInt32(assumeNotNull(toIPv4OrNull(substring(toString(assumeNotNull(source_ip)), 3)))) < 65536, '', concat(replaceRegexpOne(lower(hex(toUInt16(intDiv(toUInt32(assumeNotNull(toIPv4OrNull(substring(toString(assumeNotNull(source_ip)), 3)))), 65536)))), '^0+(.)', '\\1'), ':')), replaceRegexpOne(lower(hex(toUInt16(toUInt32(assumeNotNull(toIPv4OrNull(substring(toString(assumeNotNull(source_ip)), 3)))) % 65536))), '^0+(.)', '\\1')), toString(assumeNotNull(source_ip))))) IN (SELECT toString(c1x0) AS c3x0
  FROM (SELECT *, floor(10000 * c1x1 / sum(c1x1) OVER () + 0.5) / 100 AS c2x0
  FROM (SELECT *
  FROM (SELECT if(isNull(source_ip), NULL, multiIf(startsWith(toString(assumeNotNull(source_ip)), '::ffff:') AND position(toString(assumeNotNull(source_ip)), '.') > 0, substring(toString(assumeNotNull(source_ip)), 8), position(toString(assumeNotNull(source_ip)), '.') > 0, concat('::', if(toUInt32(assumeNotNull(toIPv4OrNull(substring(toString(assumeNotNull(source_ip)), 3)))) < 65536, '', concat(replaceRegexpOne(lower(hex(toUInt16(intDiv(toUInt32(assumeNotNull(toIPv4OrNull(substring(toString(assumeNotNull(source_ip)), 3)))), 65536)))), '^0+(.)', '\\1'), ':')), replaceRegexpOne(lower(hex(toUInt16(toUInt32(assumeNotNull(toIPv4OrNull(substring(toString(assumeNotNull(source_ip)), 3)))) % 65536))), '^0+(.)', '\\1')), toString(assumeNotNull(source_ip)))) AS c1x0, count() AS c1x1
  FROM vigil.events
  WHERE tenant = {p1:String} AND ts >= fromUnixTimestamp64Micro({p6:Int64}, 'UTC') AND ts < fromUnixTimestamp64Micro({p7:Int64}, 'UTC')
  AND ( lowerUTF8(user_name) = {p8:String})
  GROUP BY c1x0)
  WHERE isNotNull(c1x0)))
  ORDER BY c1x1 DESC NULLS LAST, c1x0 ASC NULLS LAST, c2x0 ASC NULLS LAST LIMIT 3), 0) AND NOT (ifNull(toString(if(user_name = '' AND NOT has(empties, {p9:String}), NULL, toString(user_name))) IN (SELECT toString(c1x0) AS c2x0
  FROM (SELECT *, if(user_name = '' AND NOT has(empties, {p9:String}), NULL, toString(user_name)) AS c1x0
  FROM vigil.events
  WHERE tenant = {p1:String} AND ts >= fromUnixTimestamp64Micro({p10:Int64}, 'UTC') AND ts < fromUnixTimestamp64Micro({p11:Int64}, 'UTC')
  AND ( hasAllTokens(raw, {p13:Array(String)})))
  ORDER BY ts DESC, batch DESC, ord DESC, node DESC LIMIT 100000), 0))))
  ORDER BY ts DESC, batch DESC, ord DESC, node DESC LIMIT 1000
-- {"p1":"default","p2":1772582400000000,"p3":1772668800000000,"p4":"failed","p5":["failed"],"p6":1772582400000000,"p7":1772668800000000,"p8":"root","p9":"user.name","p10":1772582400000000,"p11":1772668800000000,"p12":"x","p13":["x"],"p14":"host.name","p15":"message"}

-- | transaction user.name, host.name maxpause=5m values(event.action) as did
SELECT formatDateTime(c6x0, '%Y-%m-%dT%H:%i:%S.%fZ') AS c7x0, formatDateTime(c6x1, '%Y-%m-%dT%H:%i:%S.%fZ') AS c7x1, c6x2 AS c7x2, c6x3 AS c7x3, c6x4 AS c7x4, c6x5 AS c7x5, c6x6 AS c7x6
  FROM (SELECT *, c4x3 AS c6x0, c4x4 AS c6x1, c4x0 AS c6x2, c4x1 AS c6x3, c5x0 AS c6x4, c4x5 AS c6x5, c4x6 AS c6x6
  FROM (SELECT *, (toUnixTimestamp64Micro(assumeNotNull(c4x4)) - toUnixTimestamp64Micro(assumeNotNull(c4x3))) / 1000000 AS c5x0
  FROM (SELECT c1x0 AS c4x0, c1x1 AS c4x1, c3x0 AS c4x2, min(toNullable(ts)) AS c4x3, max(toNullable(ts)) AS c4x4, count() AS c4x5, nullIf(arrayStringConcat(arraySort(groupUniqArrayArray(100)(arrayMap(x -> substringUTF8(toString(x), 1, 500), if(event_action != '' OR has(empties, {p7:String}), [toString(event_action)], emptyArrayString())))), ', '), '') AS c4x6
  FROM (SELECT *, sum(c2x0) OVER (PARTITION BY c1x0, c1x1
  ORDER BY ts ASC, batch ASC, ord ASC, node ASC ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS c3x0
  FROM (SELECT *, toUInt8(toUnixTimestamp64Micro(ts) - lagInFrame(toUnixTimestamp64Micro(ts), 1, toUnixTimestamp64Micro(ts)) OVER (PARTITION BY c1x0, c1x1
  ORDER BY ts ASC, batch ASC, ord ASC, node ASC ROWS BETWEEN 1 PRECEDING AND CURRENT ROW) > {p6:Int64}) AS c2x0
  FROM (SELECT *
  FROM (SELECT *, if(user_name = '' AND NOT has(empties, {p4:String}), NULL, toString(user_name)) AS c1x0, if(host_name = '' AND NOT has(empties, {p5:String}), NULL, toString(host_name)) AS c1x1
  FROM vigil.events
  WHERE tenant = {p1:String} AND ts >= fromUnixTimestamp64Micro({p2:Int64}, 'UTC') AND ts < fromUnixTimestamp64Micro({p3:Int64}, 'UTC'))
  WHERE isNotNull(c1x0) AND isNotNull(c1x1))))
  GROUP BY c4x0, c4x1, c4x2)))
  ORDER BY c6x0 DESC NULLS LAST, c6x1 ASC NULLS LAST, c6x2 ASC NULLS LAST, c6x3 ASC NULLS LAST, c6x4 ASC NULLS LAST, c6x5 ASC NULLS LAST, c6x6 ASC NULLS LAST LIMIT 1000
-- {"p1":"default","p2":1772582400000000,"p3":1772668800000000,"p4":"user.name","p5":"host.name","p6":300000000,"p7":"event.action"}

-- | rare 3 user.name, event.category
SELECT c1x0 AS c3x0, c1x1 AS c3x1, c1x2 AS c3x2, c2x0 AS c3x3
  FROM (SELECT *, floor(10000 * c1x2 / sum(c1x2) OVER () + 0.5) / 100 AS c2x0
  FROM (SELECT *
  FROM (SELECT if(user_name = '' AND NOT has(empties, {p4:String}), NULL, toString(user_name)) AS c1x0, arrayJoin(if(empty(arrayMap(x -> toString(x), event_category)), [NULL], arrayMap(x -> toNullable(toString(x)), arrayMap(x -> toString(x), event_category)))) AS c1x1, count() AS c1x2
  FROM vigil.events
  WHERE tenant = {p1:String} AND ts >= fromUnixTimestamp64Micro({p2:Int64}, 'UTC') AND ts < fromUnixTimestamp64Micro({p3:Int64}, 'UTC')
  GROUP BY c1x0, c1x1)
  WHERE isNotNull(c1x0) AND isNotNull(c1x1)))
  ORDER BY c1x2 ASC NULLS LAST, c1x0 ASC NULLS LAST, c1x1 ASC NULLS LAST, c2x0 ASC NULLS LAST LIMIT 3
-- {"p1":"default","p2":1772582400000000,"p3":1772668800000000,"p4":"user.name","p5":"event.category"}

-- | dedup user.name, host.name | fields user.name, @timestamp
SELECT c2x0 AS c3x0, formatDateTime(c2x1, '%Y-%m-%dT%H:%i:%S.%fZ') AS c3x1
  FROM (SELECT *, if(user_name = '' AND NOT has(empties, {p4:String}), NULL, toString(user_name)) AS c2x0, ts AS c2x1
  FROM (SELECT *
  FROM (SELECT *, if(user_name = '' AND NOT has(empties, {p4:String}), NULL, toString(user_name)) AS c1x0, if(host_name = '' AND NOT has(empties, {p5:String}), NULL, toString(host_name)) AS c1x1
  FROM vigil.events
  WHERE tenant = {p1:String} AND ts >= fromUnixTimestamp64Micro({p2:Int64}, 'UTC') AND ts < fromUnixTimestamp64Micro({p3:Int64}, 'UTC'))
  ORDER BY ts DESC, batch DESC, ord DESC, node DESC LIMIT 1 BY c1x0, c1x1))
  ORDER BY ts DESC, batch DESC, ord DESC, node DESC LIMIT 1000
-- {"p1":"default","p2":1772582400000000,"p3":1772668800000000,"p4":"user.name","p5":"host.name"}

-- | dedup 2 custom.x | fields - message
SELECT formatDateTime(c2x0, '%Y-%m-%dT%H:%i:%S.%fZ') AS c3x0, c2x1 AS c3x1, c2x2 AS c3x2
  FROM (SELECT *, ts AS c2x0, if(host_name = '' AND NOT has(empties, {p5:String}), NULL, toString(host_name)) AS c2x1, toString(source) AS c2x2
  FROM (SELECT *
  FROM (SELECT *, if(empty(multiIf(fields[{p4:String}] != '', [fields[{p4:String}]], has(empties, {p4:String}), [''], lists[{p4:String}])), NULL, arrayStringConcat(multiIf(fields[{p4:String}] != '', [fields[{p4:String}]], has(empties, {p4:String}), [''], lists[{p4:String}]), ', ')) AS c1x0
  FROM vigil.events
  WHERE tenant = {p1:String} AND ts >= fromUnixTimestamp64Micro({p2:Int64}, 'UTC') AND ts < fromUnixTimestamp64Micro({p3:Int64}, 'UTC'))
  ORDER BY ts DESC, batch DESC, ord DESC, node DESC LIMIT 2 BY c1x0))
  ORDER BY ts DESC, batch DESC, ord DESC, node DESC LIMIT 1000
-- {"p1":"default","p2":1772582400000000,"p3":1772668800000000,"p4":"custom.x","p5":"host.name"}

-- | stats count() as n by user.name | rename user.name as who, n as events | fields who, events
SELECT c2x0 AS c3x0, c2x1 AS c3x1
  FROM (SELECT *, c1x0 AS c2x0, c1x1 AS c2x1
  FROM (SELECT if(user_name = '' AND NOT has(empties, {p4:String}), NULL, toString(user_name)) AS c1x0, count() AS c1x1
  FROM vigil.events
  WHERE tenant = {p1:String} AND ts >= fromUnixTimestamp64Micro({p2:Int64}, 'UTC') AND ts < fromUnixTimestamp64Micro({p3:Int64}, 'UTC')
  GROUP BY c1x0))
  ORDER BY c1x1 DESC NULLS LAST, c2x0 ASC NULLS LAST, c2x1 ASC NULLS LAST LIMIT 1000
-- {"p1":"default","p2":1772582400000000,"p3":1772668800000000,"p4":"user.name"}

-- | rename user.name as who | where who == "root" | sort who
SELECT formatDateTime(ts, '%Y-%m-%dT%H:%i:%S.%fZ') AS c2x0, if(host_name = '' AND NOT has(empties, {p6:String}), NULL, toString(host_name)) AS c2x1, toString(source) AS c2x2, if(message = '' AND NOT has(empties, {p7:String}), NULL, toString(message)) AS c2x3, c1x0 AS c2x4
  FROM (SELECT *
  FROM (SELECT *, if(user_name = '' AND NOT has(empties, {p4:String}), NULL, toString(user_name)) AS c1x0
  FROM vigil.events
  WHERE tenant = {p1:String} AND ts >= fromUnixTimestamp64Micro({p2:Int64}, 'UTC') AND ts < fromUnixTimestamp64Micro({p3:Int64}, 'UTC'))
  WHERE ifNull(c1x0 = {p5:String}, 0))
  ORDER BY c1x0 ASC NULLS LAST, ts DESC, batch DESC, ord DESC, node DESC LIMIT 1000
-- {"p1":"default","p2":1772582400000000,"p3":1772668800000000,"p4":"user.name","p5":"root","p6":"host.name","p7":"message"}

-- | rex "port (?<port>[0-9]+)" | stats count() by port
SELECT c3x0 AS c4x0, c3x1 AS c4x1
  FROM (SELECT c2x0 AS c3x0, count() AS c3x1
  FROM (SELECT *, nullIf(c1x0[1], '') AS c2x0
  FROM (SELECT *, extractGroups(ifNull(toString(toString(toValidUTF8(raw))), ''), {p4:String}) AS c1x0
  FROM vigil.events
  WHERE tenant = {p1:String} AND ts >= fromUnixTimestamp64Micro({p2:Int64}, 'UTC') AND ts < fromUnixTimestamp64Micro({p3:Int64}, 'UTC')))
  GROUP BY c3x0)
  ORDER BY c3x1 DESC NULLS LAST, c3x0 ASC NULLS LAST LIMIT 1000
-- {"p1":"default","p2":1772582400000000,"p3":1772668800000000,"p4":"(?-s)port (?<port>[0-9]+)"}

-- | rex field=url.path "^/(?P<first>[^/]*)/(x)?(?P<second>.*)" | head 3 | fields first, second
SELECT c3x0 AS c4x0, c3x1 AS c4x1
  FROM (SELECT *, c2x0 AS c3x0, c2x1 AS c3x1
  FROM (SELECT *
  FROM (SELECT *, nullIf(c1x0[1], '') AS c2x0, nullIf(c1x0[3], '') AS c2x1
  FROM (SELECT *, extractGroups(ifNull(toString(toString(if(url_path = '' AND NOT has(empties, {p4:String}), NULL, toString(url_path)))), ''), {p5:String}) AS c1x0
  FROM vigil.events
  WHERE tenant = {p1:String} AND ts >= fromUnixTimestamp64Micro({p2:Int64}, 'UTC') AND ts < fromUnixTimestamp64Micro({p3:Int64}, 'UTC')))
  ORDER BY ts DESC, batch DESC, ord DESC, node DESC LIMIT 3))
  ORDER BY ts DESC, batch DESC, ord DESC, node DESC LIMIT 1000
-- {"p1":"default","p2":1772582400000000,"p3":1772668800000000,"p4":"url.path","p5":"(?-s)^/(?P<first>[^/]*)/(x)?(?P<second>.*)"}

-- | lookup monitored dns.question.name as seen | where seen | lookup ours source.ip
SELECT formatDateTime(ts, '%Y-%m-%dT%H:%i:%S.%fZ') AS c3x0, if(host_name = '' AND NOT has(empties, {p13:String}), NULL, toString(host_name)) AS c3x1, toString(source) AS c3x2, if(message = '' AND NOT has(empties, {p14:String}), NULL, toString(message)) AS c3x3, if(c1x0, 'true', 'false') AS c3x4, if(c2x0, 'true', 'false') AS c3x5
  FROM (SELECT *, toUInt8((isNotNull(source_ip)
  AND ( (assumeNotNull(source_ip) >= {p7:IPv6} AND assumeNotNull(source_ip) <= {p8:IPv6}) OR (assumeNotNull(source_ip) >= {p9:IPv6} AND assumeNotNull(source_ip) <= {p10:IPv6} AND NOT (assumeNotNull(source_ip) >= {p11:IPv6} AND assumeNotNull(source_ip) <= {p12:IPv6}))))) AS c2x0
  FROM (SELECT *
  FROM (SELECT *, toUInt8((has({p5:Array(String)}, replaceRegexpOne(lowerUTF8(dns_question_name), '[.]$', '')) OR arrayExists(m -> endsWith(replaceRegexpOne(lowerUTF8(dns_question_name), '[.]$', ''), concat('.', m)), {p5:Array(String)}) OR (startsWith(replaceRegexpOne(lowerUTF8(dns_question_name), '[.]$', ''), '*.') AND has({p6:Array(String)}, substring(replaceRegexpOne(lowerUTF8(dns_question_name), '[.]$', ''), 3))))) AS c1x0
  FROM vigil.events
  WHERE tenant = {p1:String} AND ts >= fromUnixTimestamp64Micro({p2:Int64}, 'UTC') AND ts < fromUnixTimestamp64Micro({p3:Int64}, 'UTC'))
  WHERE c1x0))
  ORDER BY ts DESC, batch DESC, ord DESC, node DESC LIMIT 1000
-- {"p1":"default","p2":1772582400000000,"p3":1772668800000000,"p4":"dns.question.name","p5":["example.com"],"p6":["com"],"p7":"0000:0000:0000:0000:0000:ffff:0a00:0000","p8":"0000:0000:0000:0000:0000:ffff:0aff:ffff","p9":"0000:0000:0000:0000:0000:0000:0000:0000","p10":"ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff","p11":"0000:0000:0000:0000:0000:ffff:0000:0000","p12":"0000:0000:0000:0000:0000:ffff:ffff:ffff","p13":"host.name","p14":"message"}

-- | eval d = lower(host.name) | lookup approved_cas d | lookup ours d as net | fields d, approved_cas, net
SELECT c4x0 AS c5x0, if(c4x1, 'true', 'false') AS c5x1, if(c4x2, 'true', 'false') AS c5x2
  FROM (SELECT *, c1x0 AS c4x0, c2x0 AS c4x1, c3x0 AS c4x2
  FROM (SELECT *, toUInt8(arrayExists(x -> arrayExists(a -> isNotNull(a)
  AND ( (assumeNotNull(a) >= {p6:IPv6} AND assumeNotNull(a) <= {p7:IPv6}) OR (assumeNotNull(a) >= {p8:IPv6} AND assumeNotNull(a) <= {p9:IPv6} AND NOT (assumeNotNull(a) >= {p10:IPv6} AND assumeNotNull(a) <= {p11:IPv6}))), [multiIf(match(x, '^(25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])[.](25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])[.](25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])[.](25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])$'), toIPv6OrNull(toString(x)), length(x) <= 64
  AND ( match(replaceRegexpOne(if(startsWith(x, '[') AND endsWith(x, ']'), substring(x, 2, length(x) - 2), x), '%[0-9A-Za-z._-]+$', ''), '^[0-9a-fA-F:]*:((25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])[.](25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])[.](25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])[.](25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9]))?$') OR match(replaceRegexpOne(if(startsWith(x, '[') AND endsWith(x, ']'), substring(x, 2, length(x) - 2), x), '%[0-9A-Za-z._-]+$', ''), '^[0-9a-fA-F:]*:[0-9a-fA-F:]*$')), toIPv6OrNull(toString(replaceRegexpOne(if(startsWith(x, '[') AND endsWith(x, ']'), substring(x, 2, length(x) - 2), x), '%[0-9A-Za-z._-]+$', ''))), NULL)]), [ifNull(toString(toString(c1x0)), '')])) AS c3x0
  FROM (SELECT *, toUInt8(arrayExists(x -> isNotNull(x) AND has({p5:Array(String)}, lowerUTF8(assumeNotNull(x))), [toNullable(toString(toString(c1x0)))])) AS c2x0
  FROM (SELECT *, lowerUTF8(if(host_name = '' AND NOT has(empties, {p4:String}), NULL, toString(host_name))) AS c1x0
  FROM vigil.events
  WHERE tenant = {p1:String} AND ts >= fromUnixTimestamp64Micro({p2:Int64}, 'UTC') AND ts < fromUnixTimestamp64Micro({p3:Int64}, 'UTC')))))
  ORDER BY ts DESC, batch DESC, ord DESC, node DESC LIMIT 1000
-- {"p1":"default","p2":1772582400000000,"p3":1772668800000000,"p4":"host.name","p5":["example ca","other ca"],"p6":"0000:0000:0000:0000:0000:ffff:0a00:0000","p7":"0000:0000:0000:0000:0000:ffff:0aff:ffff","p8":"0000:0000:0000:0000:0000:0000:0000:0000","p9":"ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff","p10":"0000:0000:0000:0000:0000:ffff:0000:0000","p11":"0000:0000:0000:0000:0000:ffff:ffff:ffff"}

-- rows
SELECT concat(toString(node), '-', toString(batch), '-', toString(ord)) AS id, toUnixTimestamp64Micro(ts) AS ts_us, toUnixTimestamp64Micro(ingested) AS ingested_us, source AS source_name, host_name AS host, substringUTF8(toValidUTF8(if(message = '', substring(raw, 1, 8000), message)), 1, 2000) AS text, event_action AS action, event_outcome AS outcome, user_name AS user_text, if(isNull(source_ip), '', multiIf(startsWith(toString(assumeNotNull(source_ip)), '::ffff:') AND position(toString(assumeNotNull(source_ip)), '.') > 0, substring(toString(assumeNotNull(source_ip)), 8), position(toString(assumeNotNull(source_ip)), '.') > 0, concat('::', if(toUInt32(assumeNotNull(toIPv4OrNull(substring(toString(assumeNotNull(source_ip)), 3)))) < 65536, '', concat(replaceRegexpOne(lower(hex(toUInt16(intDiv(toUInt32(assumeNotNull(toIPv4OrNull(substring(toString(assumeNotNull(source_ip)), 3)))), 65536)))), '^0+(.)', '\\1'), ':')), replaceRegexpOne(lower(hex(toUInt16(toUInt32(assumeNotNull(toIPv4OrNull(substring(toString(assumeNotNull(source_ip)), 3)))) % 65536))), '^0+(.)', '\\1')), toString(assumeNotNull(source_ip)))) AS ip_text, status AS status_text
  FROM vigil.events
  WHERE tenant = {p1:String} AND ts >= fromUnixTimestamp64Micro({p2:Int64}, 'UTC') AND ts < fromUnixTimestamp64Micro({p3:Int64}, 'UTC')
  AND ( hasAllTokens(raw, {p5:Array(String)}))
  ORDER BY ts DESC, batch DESC, ord DESC, node DESC LIMIT 20
-- {"p1":"default","p2":1772582400000000,"p3":1772668800000000,"p4":"failed","p5":["failed"]}

-- rows, next page
SELECT concat(toString(node), '-', toString(batch), '-', toString(ord)) AS id, toUnixTimestamp64Micro(ts) AS ts_us, toUnixTimestamp64Micro(ingested) AS ingested_us, source AS source_name, host_name AS host, substringUTF8(toValidUTF8(if(message = '', substring(raw, 1, 8000), message)), 1, 2000) AS text, event_action AS action, event_outcome AS outcome, user_name AS user_text, if(isNull(source_ip), '', multiIf(startsWith(toString(assumeNotNull(source_ip)), '::ffff:') AND position(toString(assumeNotNull(source_ip)), '.') > 0, substring(toString(assumeNotNull(source_ip)), 8), position(toString(assumeNotNull(source_ip)), '.') > 0, concat('::', if(toUInt32(assumeNotNull(toIPv4OrNull(substring(toString(assumeNotNull(source_ip)), 3)))) < 65536, '', concat(replaceRegexpOne(lower(hex(toUInt16(intDiv(toUInt32(assumeNotNull(toIPv4OrNull(substring(toString(assumeNotNull(source_ip)), 3)))), 65536)))), '^0+(.)', '\\1'), ':')), replaceRegexpOne(lower(hex(toUInt16(toUInt32(assumeNotNull(toIPv4OrNull(substring(toString(assumeNotNull(source_ip)), 3)))) % 65536))), '^0+(.)', '\\1')), toString(assumeNotNull(source_ip)))) AS ip_text, status AS status_text
  FROM vigil.events
  WHERE tenant = {p1:String} AND ts >= fromUnixTimestamp64Micro({p2:Int64}, 'UTC') AND ts < fromUnixTimestamp64Micro({p3:Int64}, 'UTC') AND ts <= fromUnixTimestamp64Micro({p4:Int64}, 'UTC')
  AND ( ts < fromUnixTimestamp64Micro({p4:Int64}, 'UTC') OR (batch, ord, node) < ({p5:UInt64}, {p6:UInt32}, {p7:UInt32}))
  ORDER BY ts DESC, batch DESC, ord DESC, node DESC LIMIT 100
-- {"p1":"default","p2":1772582400000000,"p3":1772668800000000,"p4":1772668799999995,"p5":22,"p6":3,"p7":1}

-- rows, two tenants and a row filter
SELECT concat(toString(node), '-', toString(batch), '-', toString(ord)) AS id, toUnixTimestamp64Micro(ts) AS ts_us, toUnixTimestamp64Micro(ingested) AS ingested_us, source AS source_name, host_name AS host, substringUTF8(toValidUTF8(if(message = '', substring(raw, 1, 8000), message)), 1, 2000) AS text, event_action AS action, event_outcome AS outcome, user_name AS user_text, if(isNull(source_ip), '', multiIf(startsWith(toString(assumeNotNull(source_ip)), '::ffff:') AND position(toString(assumeNotNull(source_ip)), '.') > 0, substring(toString(assumeNotNull(source_ip)), 8), position(toString(assumeNotNull(source_ip)), '.') > 0, concat('::', if(toUInt32(assumeNotNull(toIPv4OrNull(substring(toString(assumeNotNull(source_ip)), 3)))) < 65536, '', concat(replaceRegexpOne(lower(hex(toUInt16(intDiv(toUInt32(assumeNotNull(toIPv4OrNull(substring(toString(assumeNotNull(source_ip)), 3)))), 65536)))), '^0+(.)', '\\1'), ':')), replaceRegexpOne(lower(hex(toUInt16(toUInt32(assumeNotNull(toIPv4OrNull(substring(toString(assumeNotNull(source_ip)), 3)))) % 65536))), '^0+(.)', '\\1')), toString(assumeNotNull(source_ip)))) AS ip_text, status AS status_text
  FROM vigil.events
  WHERE has({p1:Array(String)}, tenant) AND ts >= fromUnixTimestamp64Micro({p2:Int64}, 'UTC') AND ts < fromUnixTimestamp64Micro({p3:Int64}, 'UTC')
  AND ( host_name = {p4:String})
  ORDER BY ts DESC, batch DESC, ord DESC, node DESC LIMIT 1
-- {"p1":["a","b"],"p2":1772582400000000,"p3":1772668800000000,"p4":"web01"}

-- pipes over named events, whose subsearch sees all
SELECT c1x0 AS c2x0
  FROM (SELECT count() AS c1x0
  FROM (SELECT *
  FROM (SELECT *
  FROM vigil.events
  WHERE tenant = {p1:String} AND ts >= fromUnixTimestamp64Micro({p2:Int64}, 'UTC') AND ts < fromUnixTimestamp64Micro({p3:Int64}, 'UTC') AND ts >= fromUnixTimestamp64Micro({p7:Int64}, 'UTC') AND ts <= fromUnixTimestamp64Micro({p8:Int64}, 'UTC')
  AND ( batch, ord, node) IN (arrayZip({p4:Array(UInt64)}, {p5:Array(UInt32)}, {p6:Array(UInt32)})))
  WHERE ifNull(toString(if(isNull(source_ip), NULL, multiIf(startsWith(toString(assumeNotNull(source_ip)), '::ffff:') AND position(toString(assumeNotNull(source_ip)), '.') > 0, substring(toString(assumeNotNull(source_ip)), 8), position(toString(assumeNotNull(source_ip)), '.') > 0, concat('::', if(toUInt32(assumeNotNull(toIPv4OrNull(substring(toString(assumeNotNull(source_ip)), 3)))) < 65536, '', concat(replaceRegexpOne(lower(hex(toUInt16(intDiv(toUInt32(assumeNotNull(toIPv4OrNull(substring(toString(assumeNotNull(source_ip)), 3)))), 65536)))), '^0+(.)', '\\1'), ':')), replaceRegexpOne(lower(hex(toUInt16(toUInt32(assumeNotNull(toIPv4OrNull(substring(toString(assumeNotNull(source_ip)), 3)))) % 65536))), '^0+(.)', '\\1')), toString(assumeNotNull(source_ip))))) IN (SELECT toString(c1x0) AS c2x0
  FROM (SELECT *, if(isNull(source_ip), NULL, multiIf(startsWith(toString(assumeNotNull(source_ip)), '::ffff:') AND position(toString(assumeNotNull(source_ip)), '.') > 0, substring(toString(assumeNotNull(source_ip)), 8), position(toString(assumeNotNull(source_ip)), '.') > 0, concat('::', if(toUInt32(assumeNotNull(toIPv4OrNull(substring(toString(assumeNotNull(source_ip)), 3)))) < 65536, '', concat(replaceRegexpOne(lower(hex(toUInt16(intDiv(toUInt32(assumeNotNull(toIPv4OrNull(substring(toString(assumeNotNull(source_ip)), 3)))), 65536)))), '^0+(.)', '\\1'), ':')), replaceRegexpOne(lower(hex(toUInt16(toUInt32(assumeNotNull(toIPv4OrNull(substring(toString(assumeNotNull(source_ip)), 3)))) % 65536))), '^0+(.)', '\\1')), toString(assumeNotNull(source_ip)))) AS c1x0
  FROM vigil.events
  WHERE tenant = {p1:String} AND ts >= fromUnixTimestamp64Micro({p9:Int64}, 'UTC') AND ts < fromUnixTimestamp64Micro({p10:Int64}, 'UTC')
  AND ( hasAllTokens(raw, {p12:Array(String)})))
  ORDER BY ts DESC, batch DESC, ord DESC, node DESC LIMIT 100000), 0)))
  ORDER BY c1x0 DESC NULLS LAST LIMIT 1000
-- {"p1":"default","p2":1772582400000000,"p3":1772668800000000,"p4":[22,27],"p5":[2,7],"p6":[1,1],"p7":1772668799999993,"p8":1772668799999998,"p9":1772582400000000,"p10":1772668800000000,"p11":"failed","p12":["failed"]}

-- no event named
SELECT concat(toString(node), '-', toString(batch), '-', toString(ord)) AS id, toUnixTimestamp64Micro(ts) AS ts_us, toUnixTimestamp64Micro(ingested) AS ingested_us, source AS source_name, host_name AS host, substringUTF8(toValidUTF8(if(message = '', substring(raw, 1, 8000), message)), 1, 2000) AS text, event_action AS action, event_outcome AS outcome, user_name AS user_text, if(isNull(source_ip), '', multiIf(startsWith(toString(assumeNotNull(source_ip)), '::ffff:') AND position(toString(assumeNotNull(source_ip)), '.') > 0, substring(toString(assumeNotNull(source_ip)), 8), position(toString(assumeNotNull(source_ip)), '.') > 0, concat('::', if(toUInt32(assumeNotNull(toIPv4OrNull(substring(toString(assumeNotNull(source_ip)), 3)))) < 65536, '', concat(replaceRegexpOne(lower(hex(toUInt16(intDiv(toUInt32(assumeNotNull(toIPv4OrNull(substring(toString(assumeNotNull(source_ip)), 3)))), 65536)))), '^0+(.)', '\\1'), ':')), replaceRegexpOne(lower(hex(toUInt16(toUInt32(assumeNotNull(toIPv4OrNull(substring(toString(assumeNotNull(source_ip)), 3)))) % 65536))), '^0+(.)', '\\1')), toString(assumeNotNull(source_ip)))) AS ip_text, status AS status_text
  FROM vigil.events
  WHERE tenant = {p1:String} AND ts >= fromUnixTimestamp64Micro({p2:Int64}, 'UTC') AND ts < fromUnixTimestamp64Micro({p3:Int64}, 'UTC') AND 0
  ORDER BY ts DESC, batch DESC, ord DESC, node DESC LIMIT 1
-- {"p1":"default","p2":1772582400000000,"p3":1772668800000000}

-- histogram
SELECT toUnixTimestamp64Micro(ts) - if(toUnixTimestamp64Micro(ts) % {p6:Int64} < 0, toUnixTimestamp64Micro(ts) % {p6:Int64} + {p6:Int64}, toUnixTimestamp64Micro(ts) % {p6:Int64}) AS t, countIf(event_outcome = 'success') AS success, countIf(event_outcome = 'failure') AS failure, countIf(NOT (event_outcome = 'success' OR event_outcome = 'failure')) AS other
  FROM vigil.events
  WHERE tenant = {p1:String} AND ts >= fromUnixTimestamp64Micro({p2:Int64}, 'UTC') AND ts < fromUnixTimestamp64Micro({p3:Int64}, 'UTC')
  AND ( hasAllTokens(raw, {p5:Array(String)}))
  GROUP BY t
  ORDER BY t LIMIT 2001
-- {"p1":"default","p2":1772582400000000,"p3":1772668800000000,"p4":"failed","p5":["failed"],"p6":3600000000}

-- hasData
SELECT 1 AS found
  FROM vigil.events
  WHERE tenant = {p1:String} AND ts >= fromUnixTimestamp64Micro({p2:Int64}, 'UTC') AND ts < fromUnixTimestamp64Micro({p3:Int64}, 'UTC') LIMIT 1
-- {"p1":"default","p2":1772582400000000,"p3":1772668800000000}

-- keyword (over-approximates)
SELECT count() AS total
  FROM vigil.events
  WHERE tenant = {p1:String} AND ts >= fromUnixTimestamp64Micro({p2:Int64}, 'UTC') AND ts < fromUnixTimestamp64Micro({p3:Int64}, 'UTC')
  AND ( (lowerUTF8(toValidUTF8(raw)) LIKE {p4:String} OR lowerUTF8(message) LIKE {p4:String} OR lowerUTF8(event_kind) LIKE {p4:String} OR arrayExists(x -> lowerUTF8(x) LIKE {p4:String}, event_category) OR arrayExists(x -> lowerUTF8(x) LIKE {p4:String}, event_type) OR lowerUTF8(event_action) LIKE {p4:String} OR lowerUTF8(event_outcome) LIKE {p4:String} OR lowerUTF8(event_code) LIKE {p4:String} OR lowerUTF8(event_provider) LIKE {p4:String} OR lowerUTF8(event_dataset) LIKE {p4:String} OR lowerUTF8(event_reason) LIKE {p4:String} OR (isNotNull(event_severity) AND lowerUTF8(toString(assumeNotNull(event_severity))) LIKE {p4:String}) OR lowerUTF8(log_level) LIKE {p4:String} OR (isNotNull(vigil_count) AND lowerUTF8(toString(assumeNotNull(vigil_count))) LIKE {p4:String}) OR lowerUTF8(host_name) LIKE {p4:String} OR lowerUTF8(service_name) LIKE {p4:String} OR lowerUTF8(user_name) LIKE {p4:String} OR lowerUTF8(user_id) LIKE {p4:String} OR lowerUTF8(user_domain) LIKE {p4:String} OR lowerUTF8(user_effective_name) LIKE {p4:String} OR lowerUTF8(user_target_name) LIKE {p4:String} OR (isNotNull(source_ip) AND lowerUTF8(multiIf(startsWith(toString(assumeNotNull(source_ip)), '::ffff:') AND position(toString(assumeNotNull(source_ip)), '.') > 0, substring(toString(assumeNotNull(source_ip)), 8), position(toString(assumeNotNull(source_ip)), '.') > 0, concat('::', if(toUInt32(assumeNotNull(toIPv4OrNull(substring(toString(assumeNotNull(source_ip)), 3)))) < 65536, '', concat(replaceRegexpOne(lower(hex(toUInt16(intDiv(toUInt32(assumeNotNull(toIPv4OrNull(substring(toString(assumeNotNull(source_ip)), 3)))), 65536)))), '^0+(.)', '\\1'), ':')), replaceRegexpOne(lower(hex(toUInt16(toUInt32(assumeNotNull(toIPv4OrNull(substring(toString(assumeNotNull(source_ip)), 3)))) % 65536))), '^0+(.)', '\\1')), toString(assumeNotNull(source_ip)))) LIKE {p4:String}) OR (isNotNull(source_port) AND lowerUTF8(toString(assumeNotNull(source_port))) LIKE {p4:String}) OR lowerUTF8(source_domain) LIKE {p4:String} OR (isNotNull(source_bytes) AND lowerUTF8(toString(assumeNotNull(source_bytes))) LIKE {p4:String}) OR lowerUTF8(source_geo_country_iso_code) LIKE {p4:String} OR (isNotNull(source_as_number) AND lowerUTF8(toString(assumeNotNull(source_as_number))) LIKE {p4:String}) OR lowerUTF8(source_as_organization_name) LIKE {p4:String} OR (isNotNull(destination_ip) AND lowerUTF8(multiIf(startsWith(toString(assumeNotNull(destination_ip)), '::ffff:') AND position(toString(assumeNotNull(destination_ip)), '.') > 0, substring(toString(assumeNotNull(destination_ip)), 8), position(toString(assumeNotNull(destination_ip)), '.') > 0, concat('::', if(toUInt32(assumeNotNull(toIPv4OrNull(substring(toString(assumeNotNull(destination_ip)), 3)))) < 65536, '', concat(replaceRegexpOne(lower(hex(toUInt16(intDiv(toUInt32(assumeNotNull(toIPv4OrNull(substring(toString(assumeNotNull(destination_ip)), 3)))), 65536)))), '^0+(.)', '\\1'), ':')), replaceRegexpOne(lower(hex(toUInt16(toUInt32(assumeNotNull(toIPv4OrNull(substring(toString(assumeNotNull(destination_ip)), 3)))) % 65536))), '^0+(.)', '\\1')), toString(assumeNotNull(destination_ip)))) LIKE {p4:String}) OR (isNotNull(destination_port) AND lowerUTF8(toString(assumeNotNull(destination_port))) LIKE {p4:String}) OR lowerUTF8(destination_domain) LIKE {p4:String} OR (isNotNull(destination_bytes) AND lowerUTF8(toString(assumeNotNull(destination_bytes))) LIKE {p4:String}) OR lowerUTF8(destination_geo_country_iso_code) LIKE {p4:String} OR (isNotNull(destination_as_number) AND lowerUTF8(toString(assumeNotNull(destination_as_number))) LIKE {p4:String}) OR lowerUTF8(destination_as_organization_name) LIKE {p4:String} OR lowerUTF8(network_transport) LIKE {p4:String} OR lowerUTF8(network_protocol) LIKE {p4:String} OR lowerUTF8(network_direction) LIKE {p4:String} OR (isNotNull(network_bytes) AND lowerUTF8(toString(assumeNotNull(network_bytes))) LIKE {p4:String}) OR lowerUTF8(process_name) LIKE {p4:String} OR (isNotNull(process_pid) AND lowerUTF8(toString(assumeNotNull(process_pid))) LIKE {p4:String}) OR lowerUTF8(process_executable) LIKE {p4:String} OR lowerUTF8(process_command_line) LIKE {p4:String} OR lowerUTF8(process_parent_name) LIKE {p4:String} OR lowerUTF8(process_parent_executable) LIKE {p4:String} OR lowerUTF8(process_parent_command_line) LIKE {p4:String} OR lowerUTF8(file_path) LIKE {p4:String} OR lowerUTF8(file_hash_sha256) LIKE {p4:String} OR lowerUTF8(registry_path) LIKE {p4:String} OR lowerUTF8(dns_question_name) LIKE {p4:String} OR lowerUTF8(url_path) LIKE {p4:String} OR lowerUTF8(url_query) LIKE {p4:String} OR lowerUTF8(url_domain) LIKE {p4:String} OR lowerUTF8(http_request_method) LIKE {p4:String} OR (isNotNull(http_response_status_code) AND lowerUTF8(toString(assumeNotNull(http_response_status_code))) LIKE {p4:String}) OR lowerUTF8(user_agent_original) LIKE {p4:String} OR lowerUTF8(cloud_provider) LIKE {p4:String} OR lowerUTF8(cloud_account_id) LIKE {p4:String} OR lowerUTF8(cloud_region) LIKE {p4:String} OR lowerUTF8(x509_subject_common_name) LIKE {p4:String} OR arrayExists(x -> lowerUTF8(x) LIKE {p4:String}, x509_alternative_names) OR lowerUTF8(x509_issuer_common_name) LIKE {p4:String} OR lowerUTF8(x509_issuer_distinguished_name) LIKE {p4:String} OR lowerUTF8(x509_serial_number) LIKE {p4:String} OR lowerUTF8(tls_client_hash_sha256) LIKE {p4:String} OR lowerUTF8(key_id) LIKE {p4:String} OR arrayExists(x -> lowerUTF8(x) LIKE {p4:String}, mapValues(fields)) OR arrayExists(l -> arrayExists(x -> lowerUTF8(x) LIKE {p4:String}, l), mapValues(lists))))
-- {"p1":"default","p2":1772582400000000,"p3":1772668800000000,"p4":"%adm%n%%"}
