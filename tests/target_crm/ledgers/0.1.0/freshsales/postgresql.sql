CREATE TABLE public.fresh_keys (
    object_id integer NOT NULL,
    attribute text NOT NULL,
    value text NOT NULL,
    crm_id text NOT NULL,
    at double precision NOT NULL
);
CREATE TABLE public.held (
    scope_id integer NOT NULL,
    source_id text NOT NULL,
    number integer NOT NULL,
    state text NOT NULL,
    kind text NOT NULL,
    reason text NOT NULL,
    status integer,
    sent text,
    message bytea NOT NULL,
    schema_id text NOT NULL,
    at double precision NOT NULL,
    run_id text NOT NULL
);
CREATE TABLE public.history (
    id integer NOT NULL,
    scope_id integer NOT NULL,
    source_id text NOT NULL,
    run_id text NOT NULL,
    at double precision NOT NULL,
    action text NOT NULL,
    crm_id text,
    fields text NOT NULL,
    keys text NOT NULL,
    record text,
    request_id text,
    reason text DEFAULT ''::text NOT NULL,
    changes text
);
CREATE SEQUENCE public.history_id_seq
    AS integer
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
CREATE TABLE public.intents (
    scope_id integer NOT NULL,
    source_id text NOT NULL,
    action text NOT NULL,
    crm_id text,
    payload text NOT NULL,
    keys text NOT NULL,
    record_hash bytea,
    digest text,
    sent_at double precision NOT NULL,
    server_at double precision NOT NULL,
    run_id text NOT NULL,
    links text DEFAULT '[]'::text NOT NULL
);
CREATE TABLE public.ledger_version (
    version integer NOT NULL
);
CREATE TABLE public.links (
    scope_id integer NOT NULL,
    source_id text NOT NULL,
    attribute text NOT NULL,
    stream text NOT NULL,
    on_source_id text NOT NULL,
    reason text DEFAULT ''::text NOT NULL,
    at double precision NOT NULL
);
CREATE TABLE public.objects (
    id integer NOT NULL,
    crm text NOT NULL,
    account text NOT NULL,
    object text NOT NULL
);
CREATE SEQUENCE public.objects_id_seq
    AS integer
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
CREATE TABLE public.records (
    scope_id integer NOT NULL,
    source_id text NOT NULL,
    crm_id text,
    origin text NOT NULL,
    record_hash bytea,
    digest text,
    written_at double precision NOT NULL,
    run_id text NOT NULL
);
CREATE TABLE public.schemas (
    id text NOT NULL,
    message bytea NOT NULL
);
CREATE TABLE public.scopes (
    id integer NOT NULL,
    object_id integer NOT NULL,
    source_name text NOT NULL,
    stream text NOT NULL
);
CREATE SEQUENCE public.scopes_id_seq
    AS integer
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
CREATE TABLE public.seen (
    scope_id integer NOT NULL,
    version text NOT NULL,
    source_id text NOT NULL
);
CREATE TABLE public.waits (
    scope_id integer NOT NULL,
    source_id text NOT NULL,
    stream text NOT NULL,
    on_source_id text NOT NULL
);
INSERT INTO public.fresh_keys VALUES (1, 'name', 'account 1', '31003638274', 1795955790.0844846);
INSERT INTO public.fresh_keys VALUES (1, 'name', 'zürich', '31003638275', 1795955790.0844846);
INSERT INTO public.fresh_keys VALUES (2, 'emails', 'c1@example.org', '31016358307', 1795955794.4883573);
INSERT INTO public.fresh_keys VALUES (2, 'emails', 'c2@example.org', '31016358308', 1795955795.896256);
INSERT INTO public.fresh_keys VALUES (2, 'emails', 'c3@example.org', '31016358309', 1795955793.1348364);
INSERT INTO public.fresh_keys VALUES (2, 'emails', 'c4@example.org', '31016358310', 1795955793.1348364);
INSERT INTO public.fresh_keys VALUES (2, 'emails', 'cleaver@example.org', '31016358311', 1795955793.1348364);
INSERT INTO public.fresh_keys VALUES (2, 'emails', 'cmatched@example.org', '31016358306', 1795955793.1348364);
INSERT INTO public.fresh_keys VALUES (3, 'name', 'deals 1', '31001944158', 1795955793.1575348);
INSERT INTO public.fresh_keys VALUES (3, 'name', 'deals 2', '31001944159', 1795955793.163949);
INSERT INTO public.fresh_keys VALUES (3, 'name', 'offers 3', '31001944160', 1795955793.1827648);
INSERT INTO public.held VALUES (2, '3', 3, 'deleting', 'delete', '', NULL, '{"object":"contacts","crm_id":31016358309,"scope_id":2}', '\x7b2274797065223a20225245434f5244222c202273747265616d223a2022636f6e7461637473222c20227265636f7264223a207b226964223a20332c20226c6173745f6e616d65223a2022436f6e746163742033222c2022656d61696c223a20226333406578616d706c652e6f7267222c20225f7364635f64656c657465645f6174223a2022323032362d30312d30315430303a30303a30305a227d7d', '7460ea6adfe2ae9ea0925a72e59a5be6', 1795955797.1724734, 'ddec7a45b203422fb9e4a507dd788b80');
INSERT INTO public.held VALUES (2, '4', 4, 'deleting', 'delete', '', NULL, '{"object":"contacts","crm_id":31016358310,"scope_id":2}', '\x7b2274797065223a20225245434f5244222c202273747265616d223a2022636f6e7461637473222c20227265636f7264223a207b226964223a20342c20226c6173745f6e616d65223a2022436f6e746163742034222c2022656d61696c223a20226334406578616d706c652e6f7267222c20225f7364635f64656c657465645f6174223a2022323032362d30312d30315430303a30303a30305a227d7d', '7460ea6adfe2ae9ea0925a72e59a5be6', 1795955797.2035303, 'ddec7a45b203422fb9e4a507dd788b80');
INSERT INTO public.held VALUES (2, 'waiting', 1, 'waiting', 'missing_reference', 'sales_accounts: the record of stream accounts is not in the CRM yet', NULL, NULL, '\x7b2274797065223a20225245434f5244222c202273747265616d223a2022636f6e7461637473222c20227265636f7264223a207b226964223a202277616974696e67222c20226c6173745f6e616d65223a2022436f6e746163742077616974696e67222c2022656d61696c223a20226377616974696e67406578616d706c652e6f7267222c20226163636f756e74223a20226c617465227d7d', '7460ea6adfe2ae9ea0925a72e59a5be6', 1795955790.0988142, '9ba4156bef5848a7bfc31bc1745e39b3');
INSERT INTO public.held VALUES (3, 'refused', 2, 'rejected', 'refused', 'Sales owner is invalid', 400, '{"crm_id":null,"payload":{"name":"deals refused","amount":5,"owner_id":999999999},"answer":"{\"errors\":{\"code\":400,\"message\":[\"Sales owner is invalid\"]}}"}', '\x7b2274797065223a20225245434f5244222c202273747265616d223a20226465616c73222c20227265636f7264223a207b226964223a202272656675736564222c20226e616d65223a20226465616c732072656675736564222c2022616d6f756e74223a20352c20226f776e65725f6964223a203939393939393939397d7d', '315b2175ac0085f817265e48e71b6c4e', 1795955793.1660619, '9ba4156bef5848a7bfc31bc1745e39b3');
INSERT INTO public.history VALUES (1, 1, '1', '9ba4156bef5848a7bfc31bc1745e39b3', 1795955790.0844846, 'created', '31003638274', '["name"]', '["3556db072818e3e5"]', NULL, NULL, '', '[["name",null,"Account 1"]]');
INSERT INTO public.history VALUES (2, 1, 'Zürich/2', '9ba4156bef5848a7bfc31bc1745e39b3', 1795955790.0844846, 'created', '31003638275', '["name"]', '["3725b210cc67cf84"]', NULL, NULL, '', '[["name",null,"Zürich"]]');
INSERT INTO public.history VALUES (3, 2, 'waiting', '9ba4156bef5848a7bfc31bc1745e39b3', 1795955790.0988142, 'waiting', NULL, '[]', '[]', NULL, NULL, 'missing_reference: sales_accounts: the record of stream accounts is not in the CRM yet', NULL);
INSERT INTO public.history VALUES (4, 2, '1', '9ba4156bef5848a7bfc31bc1745e39b3', 1795955793.1348364, 'created', '31016358307', '["last_name","emails","sales_accounts"]', '["4af7e891a726b1d1"]', NULL, NULL, '', '[["last_name",null,"Contact 1"],["emails",null,[{"value":"c1@example.org"}]],["sales_accounts",null,[{"id":31003638274,"is_primary":true}]]]');
INSERT INTO public.history VALUES (5, 2, '2', '9ba4156bef5848a7bfc31bc1745e39b3', 1795955793.1348364, 'created', '31016358308', '["last_name","emails","sales_accounts"]', '["10e4c9019ff65684"]', NULL, NULL, '', '[["last_name",null,"Contact 2"],["emails",null,[{"value":"c2@example.org"}]],["sales_accounts",null,[{"id":31003638274,"is_primary":true}]]]');
INSERT INTO public.history VALUES (6, 2, '3', '9ba4156bef5848a7bfc31bc1745e39b3', 1795955793.1348364, 'created', '31016358309', '["last_name","emails","sales_accounts"]', '["74a623b581968d7e"]', NULL, NULL, '', '[["last_name",null,"Contact 3"],["emails",null,[{"value":"c3@example.org"}]],["sales_accounts",null,[{"id":31003638274,"is_primary":true}]]]');
INSERT INTO public.history VALUES (7, 2, '4', '9ba4156bef5848a7bfc31bc1745e39b3', 1795955793.1348364, 'created', '31016358310', '["last_name","emails","sales_accounts"]', '["1408b67c64e39b3e"]', NULL, NULL, '', '[["last_name",null,"Contact 4"],["emails",null,[{"value":"c4@example.org"}]],["sales_accounts",null,[{"id":31003638274,"is_primary":true}]]]');
INSERT INTO public.history VALUES (8, 2, 'matched', '9ba4156bef5848a7bfc31bc1745e39b3', 1795955793.1348364, 'updated', '31016358306', '["last_name","emails","job_title"]', '["0b04ca9e32cbf670"]', NULL, NULL, 'matched by emails', '[["last_name",null,"Contact matched"],["emails",null,[{"value":"cmatched@example.org"}]],["job_title",null,"Director"]]');
INSERT INTO public.history VALUES (9, 2, 'leaver', '9ba4156bef5848a7bfc31bc1745e39b3', 1795955793.1348364, 'created', '31016358311', '["last_name","emails"]', '["c2db603e48217a5b"]', NULL, NULL, '', '[["last_name",null,"Contact leaver"],["emails",null,[{"value":"cleaver@example.org"}]]]');
INSERT INTO public.history VALUES (10, 3, '1', '9ba4156bef5848a7bfc31bc1745e39b3', 1795955793.1575348, 'created', '31001944158', '["name","amount","sales_account_id"]', '["25c7ead55097bc36"]', NULL, NULL, '', '[["name",null,"deals 1"],["amount",null,5],["sales_account_id",null,31003638274]]');
INSERT INTO public.history VALUES (11, 3, '2', '9ba4156bef5848a7bfc31bc1745e39b3', 1795955793.163949, 'created', '31001944159', '["name","amount"]', '["b08834a919c7a805"]', NULL, NULL, '', '[["name",null,"deals 2"],["amount",null,5]]');
INSERT INTO public.history VALUES (12, 3, 'refused', '9ba4156bef5848a7bfc31bc1745e39b3', 1795955793.1660619, 'rejected', NULL, '[]', '[]', NULL, NULL, 'refused: Sales owner is invalid', NULL);
INSERT INTO public.history VALUES (13, 4, '3', '9ba4156bef5848a7bfc31bc1745e39b3', 1795955793.1827648, 'created', '31001944160', '["name","amount"]', '["d1e53b74d132c12f"]', NULL, NULL, '', '[["name",null,"offers 3"],["amount",null,5]]');
INSERT INTO public.history VALUES (14, 2, '1', '59fb8e27b6f1426392d3c84227bad9db', 1795955794.4883573, 'updated', '31016358307', '["last_name","emails","job_title","sales_accounts"]', '["4af7e891a726b1d1"]', NULL, NULL, '', NULL);
INSERT INTO public.history VALUES (15, 2, 'leaver', '59fb8e27b6f1426392d3c84227bad9db', 1795955794.6834724, 'deleting', '31016358311', '[]', '[]', '{"id":31016358311,"first_name":null,"last_name":"Contact leaver","email":"cleaver@example.org","emails":[{"id":31015000006,"value":"cleaver@example.org","is_primary":true,"label":null,"_destroy":false}],"mobile_number":null,"work_number":null,"external_id":null,"owner_id":null,"territory_id":null,"subscription_status":null,"subscription_types":null,"lifecycle_stage_id":32009647298,"contact_status_id":31000543557,"tags":[],"job_title":null,"time_zone":null,"address":null,"city":null,"state":null,"zipcode":null,"country":null,"facebook":null,"twitter":null,"linkedin":null,"lead_source_id":null,"campaign_id":null,"medium":null,"keyword":null,"custom_field":{"cf_loyalty_tier":null,"cf_customer_no":null,"cf_newsletter":null,"cf_score":null,"cf_renewal_date":null,"cf_interests":null},"display_name":"Contact leaver","last_seen":null,"lead_score":0,"open_deals_amount":"0.0","open_deals_count":0,"won_deals_amount":"0.0","won_deals_count":0,"last_contacted":null,"last_contacted_mode":null,"web_form_ids":null,"avatar":null,"recent_note":null,"last_contacted_via_sales_activity":null,"last_contacted_sales_activity_mode":null,"completed_sales_sequences":null,"active_sales_sequences":null,"last_assigned_at":null,"is_deleted":false,"team_user_ids":null,"creater_id":31000148397,"updater_id":null,"created_at":"2026-11-29T12:36:30+00:00","updated_at":"2026-11-29T12:36:30+00:00","record_type_id":"70016358306","customer_fit":0,"whatsapp_subscription_status":2,"sms_subscription_status":2,"system_tags":[],"first_campaign":null,"first_medium":null,"first_source":null,"last_campaign":null,"last_medium":null,"last_source":null,"latest_campaign":null,"latest_medium":null,"latest_source":null,"mcr_id":null,"phone_numbers":[],"links":{"conversations":"/crm/sales/contacts/31016358311/conversations","timeline_feeds":"/crm/sales/contacts/31016358311/timeline_feeds","document_associations":"/crm/sales/contacts/31016358311/document_associations","notes":"/crm/sales/contacts/31016358311/notes","tasks":"/crm/sales/contacts/31016358311/tasks","appointments":"/crm/sales/contacts/31016358311/appointments"},"sales_accounts":[],"sales_account":null}', NULL, 'deleted at the source', NULL);
INSERT INTO public.history VALUES (16, 2, 'leaver', '59fb8e27b6f1426392d3c84227bad9db', 1795955794.6960535, 'deleted', '31016358311', '[]', '[]', NULL, NULL, 'deleted at the source', NULL);
INSERT INTO public.history VALUES (17, 5, '2', '739deb46d37449748ab7681937a0824f', 1795955795.896256, 'updated', '31016358308', '["last_name","emails"]', '["10e4c9019ff65684"]', NULL, NULL, 'matched by emails', NULL);
INSERT INTO public.intents VALUES (3, '1', 'update', '31001944158', '{"name":"deals 1","amount":7,"sales_account_id":31003638274}', '{"name":["deals 1"]}', '\xd75054a31304e830d7f0d0793a4ea930', 'cbb6bf4391dfbd1fd3ae09cacb94d97a', 1795955799.4737077, 1795955799, 'a9797b96e93946bd9bdcfc3219f0698e', '[]');
INSERT INTO public.intents VALUES (4, '4', 'create', NULL, '{"name":"offers 4","amount":5}', '{"name":["offers 4"]}', '\xc06ffc9351dcf267fa311ee98e3b075d', '117e7b1a2627e510d860a3df45f110e6', 1795955800.6929803, 1795955800, 'a71d731281124e5c8b7428a1a1cc1ba0', '[]');
INSERT INTO public.intents VALUES (6, '10', 'upsert', NULL, '{"last_name":"Contact 10","emails":[{"value":"c10@example.org"}]}', '{"emails":["c10@example.org"]}', '\xdb9e5e0de69a356f014a6bacb7e0a0f2', '6b03a680fd8a8665095311b48d8c407b', 1795955798.2276635, 1795955798, '0bbc7102703245719b3243c136e623dc', '[]');
INSERT INTO public.intents VALUES (6, '11', 'upsert', NULL, '{"last_name":"Contact 11","emails":[{"value":"c11@example.org"}]}', '{"emails":["c11@example.org"]}', '\x7b19a647eccaf665fe7370707b522adf', '68ef002363de92f5624a9da69882ccd1', 1795955798.2276635, 1795955798, '0bbc7102703245719b3243c136e623dc', '[]');
INSERT INTO public.ledger_version VALUES (2);
INSERT INTO public.links VALUES (4, '3', 'sales_account_id', 'accounts', 'late', '', 1795955793.1827648);
INSERT INTO public.objects VALUES (1, 'freshsales', '127.0.0.1:@PORT@/freshsales/crm/sales/api', 'sales_accounts');
INSERT INTO public.objects VALUES (2, 'freshsales', '127.0.0.1:@PORT@/freshsales/crm/sales/api', 'contacts');
INSERT INTO public.objects VALUES (3, 'freshsales', '127.0.0.1:@PORT@/freshsales/crm/sales/api', 'deals');
INSERT INTO public.records VALUES (1, '1', '31003638274', 'created', '\xe17e62a7cfe6f9c5852a6d4aa293de05', '6774d001132f2ad08a08c76fb2834f5f', 1795955790.0844846, '9ba4156bef5848a7bfc31bc1745e39b3');
INSERT INTO public.records VALUES (1, 'Zürich/2', '31003638275', 'created', '\x368e03888c382f122c3e5d25bc616625', 'd5c7fff60138828e9953374a4240e612', 1795955790.0844846, '9ba4156bef5848a7bfc31bc1745e39b3');
INSERT INTO public.records VALUES (2, '1', '31016358307', 'created', '\x25c1feea461b9f3bcc07d8c84d80d8b7', 'b345427a8033ad3e5038d4e1f3d83178', 1795955794.4883573, '59fb8e27b6f1426392d3c84227bad9db');
INSERT INTO public.records VALUES (2, '2', '31016358308', 'created', '\x6243dd81e9f2b0a8a63fbe8d7e79bd4f', '25a063758099980660eaf68714ac0669', 1795955793.1348364, '9ba4156bef5848a7bfc31bc1745e39b3');
INSERT INTO public.records VALUES (2, '3', '31016358309', 'created', '\x4e6d33192c2caaac8bd99971d0331f8e', '4c4e0f03a21b78933eed96967e45f54e', 1795955793.1348364, '9ba4156bef5848a7bfc31bc1745e39b3');
INSERT INTO public.records VALUES (2, '4', '31016358310', 'created', '\xe481be49ab9c774d71f4e4b77c00b6ad', '92a002fd7fb573f144822e224f9b040b', 1795955793.1348364, '9ba4156bef5848a7bfc31bc1745e39b3');
INSERT INTO public.records VALUES (2, 'leaver', NULL, 'created', NULL, NULL, 1795955794.6939187, '59fb8e27b6f1426392d3c84227bad9db');
INSERT INTO public.records VALUES (2, 'matched', '31016358306', 'matched', '\x7c533e86371c6d839ba8552724f5e282', '5e9fb0473a5d3615ff8580ced230dcd7', 1795955793.1348364, '9ba4156bef5848a7bfc31bc1745e39b3');
INSERT INTO public.records VALUES (3, '1', '31001944158', 'created', '\x518d313a5f5cdcfa30ae6f190f711699', '2a7b72f3a6ab2ccff30a714da8e87c5e', 1795955793.1575348, '9ba4156bef5848a7bfc31bc1745e39b3');
INSERT INTO public.records VALUES (3, '2', '31001944159', 'created', '\xd6d06c8f085596a2aba0065c5782c01a', '170c4f71f9f8aece3ca98c4451ad0cdd', 1795955793.163949, '9ba4156bef5848a7bfc31bc1745e39b3');
INSERT INTO public.records VALUES (4, '3', '31001944160', 'created', '\x36d4c3216907deebfd059508f5647f6c', 'fde4e900efa25aac8417d63ff6318876', 1795955793.1827648, '9ba4156bef5848a7bfc31bc1745e39b3');
INSERT INTO public.records VALUES (5, '2', '31016358308', 'matched', '\x782c8b1cc8452efe028ce2a653af0038', '0a89cd2437732be1eebe2ea0a3346143', 1795955795.896256, '739deb46d37449748ab7681937a0824f');
INSERT INTO public.schemas VALUES ('315b2175ac0085f817265e48e71b6c4e', '\x7b2274797065223a2022534348454d41222c202273747265616d223a20226465616c73222c2022736368656d61223a207b2274797065223a20226f626a656374222c202270726f70657274696573223a207b226964223a207b7d2c20226e616d65223a207b7d2c2022616d6f756e74223a207b7d2c20226163636f756e74223a207b7d2c20226f776e65725f6964223a207b7d7d7d2c20226b65795f70726f70657274696573223a205b226964225d7d');
INSERT INTO public.schemas VALUES ('7460ea6adfe2ae9ea0925a72e59a5be6', '\x7b2274797065223a2022534348454d41222c202273747265616d223a2022636f6e7461637473222c2022736368656d61223a207b2274797065223a20226f626a656374222c202270726f70657274696573223a207b226964223a207b7d2c20226c6173745f6e616d65223a207b7d2c2022656d61696c223a207b7d2c20226a6f625f7469746c65223a207b7d2c20226163636f756e74223a207b7d2c20225f7364635f64656c657465645f6174223a207b7d7d7d2c20226b65795f70726f70657274696573223a205b226964225d7d');
INSERT INTO public.scopes VALUES (1, 1, 'default', 'accounts');
INSERT INTO public.scopes VALUES (2, 2, 'default', 'contacts');
INSERT INTO public.scopes VALUES (3, 3, 'default', 'deals');
INSERT INTO public.scopes VALUES (4, 3, 'default', 'offers');
INSERT INTO public.scopes VALUES (5, 2, 'other', 'contacts');
INSERT INTO public.scopes VALUES (6, 2, 'default', 'new_contacts');
INSERT INTO public.waits VALUES (2, 'waiting', 'accounts', 'late');
ALTER SEQUENCE public.history_id_seq OWNED BY public.history.id;
ALTER SEQUENCE public.objects_id_seq OWNED BY public.objects.id;
ALTER SEQUENCE public.scopes_id_seq OWNED BY public.scopes.id;
ALTER TABLE ONLY public.history ALTER COLUMN id SET DEFAULT nextval('public.history_id_seq'::regclass);
ALTER TABLE ONLY public.objects ALTER COLUMN id SET DEFAULT nextval('public.objects_id_seq'::regclass);
ALTER TABLE ONLY public.scopes ALTER COLUMN id SET DEFAULT nextval('public.scopes_id_seq'::regclass);
SELECT pg_catalog.setval('public.history_id_seq', 17, true);
SELECT pg_catalog.setval('public.objects_id_seq', 3, true);
SELECT pg_catalog.setval('public.scopes_id_seq', 6, true);
ALTER TABLE ONLY public.fresh_keys
    ADD CONSTRAINT fresh_keys_pkey PRIMARY KEY (object_id, attribute, value, crm_id);
ALTER TABLE ONLY public.held
    ADD CONSTRAINT held_pkey PRIMARY KEY (scope_id, source_id);
ALTER TABLE ONLY public.history
    ADD CONSTRAINT history_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.intents
    ADD CONSTRAINT intents_pkey PRIMARY KEY (scope_id, source_id);
ALTER TABLE ONLY public.links
    ADD CONSTRAINT links_pkey PRIMARY KEY (scope_id, source_id, attribute);
ALTER TABLE ONLY public.objects
    ADD CONSTRAINT objects_crm_account_object_key UNIQUE (crm, account, object);
ALTER TABLE ONLY public.objects
    ADD CONSTRAINT objects_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.records
    ADD CONSTRAINT records_pkey PRIMARY KEY (scope_id, source_id);
ALTER TABLE ONLY public.schemas
    ADD CONSTRAINT schemas_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.scopes
    ADD CONSTRAINT scopes_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.scopes
    ADD CONSTRAINT scopes_source_name_stream_object_id_key UNIQUE (source_name, stream, object_id);
ALTER TABLE ONLY public.seen
    ADD CONSTRAINT seen_pkey PRIMARY KEY (scope_id, version, source_id);
ALTER TABLE ONLY public.waits
    ADD CONSTRAINT waits_pkey PRIMARY KEY (scope_id, source_id, stream, on_source_id);
CREATE INDEX held_by_number ON public.held USING btree (number);
CREATE INDEX history_by_record ON public.history USING btree (scope_id, source_id);
CREATE INDEX links_by_parent ON public.links USING btree (stream, on_source_id);
CREATE INDEX records_by_crm_id ON public.records USING btree (crm_id);
CREATE INDEX waits_by_parent ON public.waits USING btree (stream, on_source_id);
ALTER TABLE ONLY public.fresh_keys
    ADD CONSTRAINT fresh_keys_object_id_fkey FOREIGN KEY (object_id) REFERENCES public.objects(id);
ALTER TABLE ONLY public.held
    ADD CONSTRAINT held_schema_id_fkey FOREIGN KEY (schema_id) REFERENCES public.schemas(id);
ALTER TABLE ONLY public.held
    ADD CONSTRAINT held_scope_id_fkey FOREIGN KEY (scope_id) REFERENCES public.scopes(id);
ALTER TABLE ONLY public.history
    ADD CONSTRAINT history_scope_id_fkey FOREIGN KEY (scope_id) REFERENCES public.scopes(id);
ALTER TABLE ONLY public.intents
    ADD CONSTRAINT intents_scope_id_fkey FOREIGN KEY (scope_id) REFERENCES public.scopes(id);
ALTER TABLE ONLY public.links
    ADD CONSTRAINT links_scope_id_fkey FOREIGN KEY (scope_id) REFERENCES public.scopes(id);
ALTER TABLE ONLY public.records
    ADD CONSTRAINT records_scope_id_fkey FOREIGN KEY (scope_id) REFERENCES public.scopes(id);
ALTER TABLE ONLY public.scopes
    ADD CONSTRAINT scopes_object_id_fkey FOREIGN KEY (object_id) REFERENCES public.objects(id);
ALTER TABLE ONLY public.seen
    ADD CONSTRAINT seen_scope_id_fkey FOREIGN KEY (scope_id) REFERENCES public.scopes(id);
ALTER TABLE ONLY public.waits
    ADD CONSTRAINT waits_scope_id_fkey FOREIGN KEY (scope_id) REFERENCES public.scopes(id);
