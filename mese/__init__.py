"""The science of Multi-modal Entity Set Expansion: knows nothing of Streamlit or SQL."""
