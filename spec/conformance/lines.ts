/**
 * Every test of tractor's suite whose claim carries over to Node, by the file that it stands in, and the part of this
 * library that brings it. Below `table.spec`, which holds the specs beside it to this list.
 */

/** The part that brings the behaviour: it was there first, or came with discovery and sockets, or with the debugger. */
export type Part = 'now' | 'names-and-roads' | 'debugger';
export const parts: readonly Part[] = ['now', 'names-and-roads', 'debugger'];

export interface Section extends Partial<Record<Part, readonly string[]>> {
  /** In tractor's repository. */
  readonly file: string;
}

/** The first half of a line's name: `tests/test_2way.py` is `2way`. */
export const stemOf = (file: string): string => file.replace(/^.*\/(?:test_)?|\.py$/g, '');

/** The parts that are there: each line of theirs has a spec. */
export const present: readonly Part[] = ['now', 'debugger'];

/** The lines of a part, as `2way/test_simple_rpc`. */
export function linesOf(part: Part): string[] {
  return sections.flatMap(section => (section[part] ?? []).map(name => `${stemOf(section.file)}/${name}`));
}

export const sections: readonly Section[] = [
  {
    file: 'tests/devx/test_debugger.py',
    debugger: [
      'test_root_actor_error',
      'test_root_actor_bp',
      'test_root_actor_bp_forever',
      'test_subactor_error',
      'test_multi_subactors_root_errors',
      'test_multi_nested_subactors_error_through_nurseries',
      'test_root_nursery_cancels_before_child_releases_tty_lock',
      'test_root_cancels_child_context_during_startup',
      'test_post_mortem_api',
      'test_shield_pause',
      'test_ctxep_pauses_n_maybe_ipc_breaks',
      'test_crash_handling_within_cancelled_root_actor',
      'test_cant_pause_from_paused_task',
    ],
  },
  {
    file: 'tests/devx/test_pause_from_non_trio.py',
    debugger: ['test_pause_from_sync'],
  },
  {
    file: 'tests/devx/test_tooling.py',
    debugger: ['test_shield_pause'],
  },
  {
    file: 'tests/discovery/test_multi_program.py',
    now: [
      'test_abort_on_sigint',
      'test_register_duplicate_name',
      'test_dup_name_cancel_cascade_escalates_to_hard_kill',
      'test_non_registrar_spawns_child',
    ],
  },
  {
    file: 'tests/discovery/test_registrar.py',
    now: [
      'test_reg_then_unreg_maddr',
      'test_trynamic_trio',
      'test_subactors_unregister_on_cancel',
      'test_subactors_unregister_on_cancel_remote_daemon',
      'test_close_channel_explicit',
    ],
  },
  {
    file: 'tests/discovery/test_tpt_bind_addrs.py',
    now: [
      'test_registry_probe_retries_transient_handshake',
      'test_probe_channel_close_is_bounded',
      'test_transport_only_listener_is_not_registrar',
      'test_registry_probe_preserves_no_peers_state',
      'test_registrar_root_tpt_bind_addrs',
      'test_non_registrar_root_tpt_bind_addrs',
      'test_non_registrar_default_random_bind',
      'test_tpt_bind_addrs_as_maddr_str',
      'test_open_nursery_forwards_tpt_bind_addrs',
    ],
  },
  {
    file: 'tests/ipc/test_each_tpt.py',
    now: [
      'test_macos_rt_dir_fits_uds_path_limit',
      'test_macos_rt_dir_rejects_symlink',
      'test_reaper_uses_default_uds_bindspace',
      'test_automatic_reaper_preserves_registry_sentinel',
      'test_rt_dir_rejects_non_directory',
      'test_linux_rt_dir_secures_existing_path',
      'test_linux_rt_dir_rejects_foreign_owner',
      'test_uds_sockname_compaction',
      'test_uds_reaper_ignores_unreconstructable_path',
      'test_uds_bindspace_created_implicitly',
    ],
  },
  {
    file: 'tests/ipc/test_server.py',
    now: [
      'test_send_normalizes_only_grouped_peer_resets',
      'test_handshake_normalizes_decode_error',
      'test_server_uses_independent_handshake_timeout',
      'test_basic_ipc_server',
    ],
  },
  {
    file: 'tests/msg/test_ext_types_msgspec.py',
    now: ['test_pld_limiting_usage', 'test_ext_types_over_ipc'],
  },
  {
    file: 'tests/test_2way.py',
    now: ['test_simple_rpc'],
  },
  {
    file: 'tests/test_advanced_faults.py',
    now: ['test_ipc_channel_break_during_stream'],
  },
  {
    file: 'tests/test_advanced_streaming.py',
    now: [
      'test_dynamic_pub_sub',
      'test_reqresp_ontopof_streaming',
      'test_sigint_both_stream_types',
      'test_local_task_fanout_from_stream',
    ],
  },
  {
    file: 'tests/test_cancellation.py',
    now: [
      'test_multierror_fast_nursery',
      'test_cancel_single_subactor',
      'test_some_cancels_all',
      'test_nested_multierrors',
      'test_cancel_via_SIGINT',
      'test_cancel_while_childs_child_in_sync_sleep',
      'test_fast_graceful_cancel_when_spawn_task_in_soft_proc_wait_for_daemon',
    ],
  },
  {
    file: 'tests/test_clustering.py',
    now: ['test_empty_mngrs_input_raises'],
  },
  {
    file: 'tests/test_context_stream_semantics.py',
    now: [
      'test_started_misuse',
      'test_simple_context',
      'test_parent_cancels',
      'test_child_exits_ctx_after_stream_open',
      'test_parent_exits_ctx_after_child_enters_stream',
      'test_multitask_parent_cancels_from_nonroot_task',
      'test_one_end_stream_not_opened',
    ],
  },
  {
    file: 'tests/test_inter_peer_cancellation.py',
    now: ['test_do_not_swallow_error_before_started_by_remote_contextcancelled', 'test_peer_canceller'],
  },
  {
    file: 'tests/test_legacy_one_way_streaming.py',
    now: ['test_stream_from_single_subactor', 'test_not_fast_enough_quad'],
  },
  {
    file: 'tests/test_local.py',
    now: ['test_self_is_registered', 'test_self_is_registered_localportal', 'test_local_actor_async_func'],
  },
  {
    file: 'tests/test_pubsub.py',
    now: [
      'test_type_checks',
      'test_required_args',
      'test_multi_actor_subs_arbiter_pub',
      'test_single_subactor_pub_multitask_subs',
    ],
  },
  {
    file: 'tests/test_reg_err_types.py',
    now: [
      'test_register_multiple_types',
      'test_builtin_types_always_resolve',
      'test_tractor_native_types_resolve',
      'test_boxed_type_str_without_ipc_msg',
      'test_registered_custom_err_relayed',
      'test_registered_another_err_relayed',
      'test_unregistered_err_still_relayed',
    ],
  },
  {
    file: 'tests/test_remote_exc_relay.py',
    now: ['test_unmasked_remote_exc'],
  },
  {
    file: 'tests/test_resource_cache.py',
    now: [
      'test_resource_only_entered_once',
      'test_last_moc_user_waits_for_resource_exit',
      'test_moc_delivers_resource_exit_error',
      'test_moc_final_user_cancellation_waits_for_exit',
      'test_moc_exit_error_masks_final_user_cancellation',
      'test_open_local_sub_to_stream',
      'test_lock_not_corrupted_on_fast_cancel',
      'test_per_ctx_key_resource_lifecycle',
      'test_moc_reentry_during_teardown',
    ],
  },
  {
    file: 'tests/test_root_runtime.py',
    now: ['test_only_one_root_actor', 'test_implicit_root_via_first_nursery', 'test_runtime_vars_unset'],
  },
  {
    file: 'tests/test_rpc.py',
    now: ['test_error_shipment_ignores_closed_response_channel', 'test_rpc_errors'],
  },
  {
    file: 'tests/test_spawning.py',
    now: [
      'test_run_in_actor_same_func_in_child',
      'test_movie_theatre_convo',
      'test_most_beautiful_word',
      'test_loglevel_propagated_to_subactor',
    ],
  },
  {
    file: 'tests/test_task_broadcasting.py',
    now: [
      'test_stream_fan_out_to_local_subscriptions',
      'test_consumer_and_parent_maybe_lag',
      'test_faster_task_to_recv_is_cancelled_by_slower',
      'test_subscribe_errors_after_close',
      'test_ensure_slow_consumers_lag_out',
      'test_first_recver_is_cancelled',
    ],
  },
  {
    file: 'tests/trionics/test_subproc.py',
    now: [
      'test_stdout_relayed_per_line',
      'test_no_deadlock_on_big_unnewlined_output',
      'test_stderr_relay_and_cpe_rebuild',
      'test_nonrelay_cpe_note',
    ],
  },
  {
    file: 'tests/trionics/test_taskc.py',
    now: [
      'test_pure_oob_cancel_not_morphed_to_rte',
      'test_genuine_startup_rte_still_raised',
      'test_childs_own_rte_never_demoted_to_cancel',
      'test_started_value_and_args_passthru',
    ],
  },
];

/** Lines of what is there whose spec is still to be written. A line leaves this list with the commit that brings its spec. */
export const pending: readonly string[] = [];
